// A JSON Schema as it is read: which keywords are understood, what they must look like, and what is wrong with others.
// A keyword of the standard that narrows the values and is not held is refused by name; unknown ones are ignored, as the
// standard says. Pure.
import { TsinferError } from '../errors.ts'

/** Any schema that is not true or false. */
export type SchemaObject = Readonly<Record<string, unknown>>

export const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const
export type SchemaType = (typeof TYPES)[number]

/** Keywords that concern values of one type only. */
const KEYWORDS_OF_TYPE = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['prefixItems', 'items', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['minLength', 'maxLength'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
} as const

/** Keywords that alone say what is valid: beside them only annotations, and where stated `type`, are understood. */
const ALONE: ReadonlySet<string> = new Set(['$ref', 'const', 'enum', 'anyOf', 'oneOf', 'allOf'])

/** Keywords that narrow the values in a way that is not held. */
const REFUSED: ReadonlySet<string> = new Set([
  ...[
    '$dynamicRef',
    '$recursiveRef',
    'not',
    'if',
    'then',
    'else',
    'dependentSchemas',
    'dependentRequired',
    'dependencies',
  ],
  ...['patternProperties', 'propertyNames', 'minProperties', 'maxProperties', 'unevaluatedProperties'],
  ...['additionalItems', 'contains', 'minContains', 'maxContains', 'unevaluatedItems'],
  ...['format', 'pattern', 'multipleOf'],
])

const NARROWING: ReadonlySet<string> = new Set([
  ...ALONE,
  ...REFUSED,
  'type',
  ...Object.values(KEYWORDS_OF_TYPE).flat(),
])

/** A schema and where it stands, e.g. `#/properties/name`. */
export interface SchemaNode {
  readonly schema: SchemaObject
  readonly path: string
}

export const invalidSchema = (path: string, expected: string, found: unknown): TsinferError =>
  new TsinferError('schema_invalid', `schema ${path}: expected ${expected}, found ${shown(found)}`)

export const unsupportedSchema = (path: string, expected: string, found: string): TsinferError =>
  new TsinferError('schema_unsupported', `schema ${path}: expected ${expected}, found ${found}`)

const SHOWN_MAX = 60
export function shown(value: unknown): string {
  const text = value === undefined ? 'none' : (JSON.stringify(value) ?? String(value))
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text
}

/** Checks the keywords of a schema. Throws `schema_unsupported` for one that is not held. */
export function schemaNode(schema: unknown, path: string): SchemaNode {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw invalidSchema(path, 'a schema (an object or a boolean)', schema)
  }
  const node: SchemaNode = { schema: schema as SchemaObject, path }
  const given = Object.keys(schema).filter((key) => node.schema[key] !== undefined && NARROWING.has(key))
  const refused = given.find((key) => REFUSED.has(key))
  if (refused !== undefined) throw unsupportedSchema(path, 'keywords that are supported', refused)
  const alone = given.find((key) => ALONE.has(key))
  const beside = given.find((key) => alone !== undefined && key !== alone && key !== 'type')
  if (beside !== undefined) throw unsupportedSchema(path, `nothing that narrows values beside ${alone}`, beside)
  if (node.schema.uniqueItems !== undefined && node.schema.uniqueItems !== false) {
    throw unsupportedSchema(path, 'keywords that are supported', 'uniqueItems')
  }
  return node
}

/** The types a schema allows: those it names, else those that its keywords are about, else undefined for all. */
export function typesOf({ schema, path }: SchemaNode): readonly SchemaType[] | undefined {
  const { type } = schema
  if (type === undefined) {
    const about = Object.entries(KEYWORDS_OF_TYPE).filter(([, keys]) => keys.some((key) => schema[key] !== undefined))
    return about.length === 0 ? undefined : about.map(([name]) => name as SchemaType)
  }
  const names: readonly unknown[] = Array.isArray(type) ? type : [type]
  const wrong = names.find((name) => !(TYPES as readonly unknown[]).includes(name))
  if (wrong !== undefined || names.length === 0)
    throw invalidSchema(`${path}/type`, `types (${TYPES.join(', ')})`, type)
  return names as SchemaType[]
}

/** The type of a value that a schema lists; `integer` rather than `number`. */
export function typeOfValue(value: unknown, path: string): SchemaType {
  if (value === null) return 'null'
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as 'string' | 'boolean'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'object') return 'object'
  if (typeof value === 'number' && Number.isFinite(value)) return Number.isInteger(value) ? 'integer' : 'number'
  throw invalidSchema(path, 'JSON values', String(value))
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

export function arrayOf({ schema, path }: SchemaNode, key: string): readonly unknown[] | undefined {
  const value = schema[key]
  if (value === undefined || Array.isArray(value)) return value
  throw invalidSchema(`${path}/${key}`, 'an array', value)
}

/** A part of a JSON pointer (RFC 6901). */
export const pointerPart = (key: string | number): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1')
