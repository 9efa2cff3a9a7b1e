// A JSON Schema as it is read: what its keywords must look like, and what is wrong with others. Pure.
import { TsinferError } from '../../errors.ts'

/** Any schema that is not true or false. */
export type SchemaObject = Readonly<Record<string, unknown>>

/** A schema and where it stands, e.g. `#/properties/name`. */
export interface SchemaNode {
  readonly schema: SchemaObject
  readonly path: string
  /** The same for the same schema. */
  readonly id: number
}

export const invalidSchema = (path: string, expected: string, found: unknown): TsinferError =>
  new TsinferError('schema_invalid', `schema ${path}: expected ${expected}, found ${shown(found)}`)

/** The error of references that lead back to themselves. */
export const circularSchema = (path: string): TsinferError => invalidSchema(path, '$ref to something else', 'a circle')

export const unsupportedSchema = (path: string, expected: string, found: string): TsinferError =>
  new TsinferError('schema_unsupported', `schema ${path}: expected ${expected}, found ${found}`)

const JSON_SHOWN_MAX = 60
function shown(value: unknown): string {
  const text = value === undefined ? 'none' : (JSON.stringify(value) ?? String(value))
  return text.length > JSON_SHOWN_MAX ? `${text.slice(0, JSON_SHOWN_MAX)}...` : text
}

/** A count, e.g. of `minItems`. */
export function countOf({ schema, path }: SchemaNode, key: string, otherwise: number): number {
  const value = schema[key]
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw invalidSchema(`${path}/${key}`, 'an integer of at least 0', value)
}

export function numberOf({ schema, path }: SchemaNode, key: string): number | undefined {
  const value = schema[key]
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
  throw invalidSchema(`${path}/${key}`, 'a number', value)
}

export function textOf({ schema, path }: SchemaNode, key: string): string {
  const value = schema[key]
  if (typeof value === 'string') return value
  throw invalidSchema(`${path}/${key}`, 'a text', value)
}

export function arrayOf({ schema, path }: SchemaNode, key: string): readonly unknown[] | undefined {
  const value = schema[key]
  if (value === undefined || Array.isArray(value)) return value
  throw invalidSchema(`${path}/${key}`, 'an array', value)
}

/** Schemas in a list, at least one. */
export function branchesOf(node: SchemaNode, key: string): readonly unknown[] {
  const branches = arrayOf(node, key) ?? []
  if (branches.length === 0) throw invalidSchema(`${node.path}/${key}`, 'at least one schema', branches)
  return branches
}

/** The members of an object of e.g. `properties`. */
export function membersOf({ schema, path }: SchemaNode, key: string): readonly (readonly [string, unknown])[] {
  const value = schema[key]
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidSchema(`${path}/${key}`, 'an object', value)
  }
  return Object.entries(value)
}

/** Names in a list, e.g. of `required`. */
export function namesOf(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value)) throw invalidSchema(path, 'an array', value)
  const wrong = value.find((name) => typeof name !== 'string')
  if (wrong !== undefined) throw invalidSchema(path, 'names', wrong)
  return [...new Set(value as string[])]
}

/** A part of a JSON pointer (RFC 6901). */
export const pointerPart = (key: string | number): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1')
