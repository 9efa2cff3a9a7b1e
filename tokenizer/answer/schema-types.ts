// What a JSON Schema says of a value's type: as much of it as tells how to read a value that was written as text. Pure.
import type { Value } from '../jinja/values.ts'

type ReadKeyword =
  | ('type' | 'nullable' | 'enum' | 'const' | 'anyOf' | 'oneOf' | 'allOf' | '$ref')
  | ('properties' | 'required' | 'additionalProperties')
/** What is read of a JSON Schema. */
export type ParameterSchema = { readonly [keyword in ReadKeyword]?: unknown }

export const isKeyed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Schemas inside each other that are looked into for a type. */
const REFERENCES_MAX = 8

/** Types of JSON that a part of the schema `root` allows; undefined where it does not say. */
export function typesOf(
  schema: unknown,
  root: ParameterSchema,
  depth: number = REFERENCES_MAX,
): ReadonlySet<string> | undefined {
  if (!isKeyed(schema) || depth === 0) return undefined
  const { type, enum: listed, const: single, anyOf, oneOf, allOf, $ref, nullable } = schema as ParameterSchema
  const more = nullable === true ? ['null'] : []
  if (typeof type === 'string' || Array.isArray(type)) return new Set([type, more].flat().map(String))
  if (Array.isArray(listed)) return new Set([...listed.map(typeName), ...more])
  if (single !== undefined) return new Set([typeName(single)])
  const either = anyOf ?? oneOf
  if (Array.isArray(either)) {
    const types = either.map((inner) => typesOf(inner, root, depth - 1))
    return types.every((one) => one !== undefined) ? new Set(types.flatMap((one) => [...one])) : undefined
  }
  if (Array.isArray(allOf)) {
    return allOf.map((inner) => typesOf(inner, root, depth - 1)).find((types) => types !== undefined)
  }
  return typeof $ref === 'string' ? typesOf(referred($ref, root), root, depth - 1) : undefined
}

/** What `#/$defs/name` and its like name. */
function referred(reference: string, root: ParameterSchema): unknown {
  const [first, ...keys] = reference.split('/')
  if (first !== '#') return undefined
  return keys.reduce<unknown>((at, key) => (isKeyed(at) && Object.hasOwn(at, key) ? at[key] : undefined), root)
}

const typeName = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'number' ? 'number' : typeof value

/** Whether a value is of one of the types. */
export function isOf(types: ReadonlySet<string>, value: Value): boolean {
  if (value === null) return types.has('null')
  if (typeof value === 'bigint') return types.has('integer') || types.has('number')
  if (typeof value === 'number') return types.has('number') || (types.has('integer') && Number.isInteger(value))
  if (typeof value === 'string' || typeof value === 'boolean') return types.has(typeof value)
  return types.has(Array.isArray(value) ? 'array' : 'object')
}
