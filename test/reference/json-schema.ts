// A naive validator of JSON Schema (draft 2020-12): what is wrong with a value, '' if nothing. Knows the keywords that the
// engine keeps, with the meaning the specification gives them, and throws for others.

type Schema = boolean | Readonly<Record<string, unknown>>

/** The keywords as a check finds them: its own is there. */
interface Keywords {
  readonly $ref: string
  readonly type: string | readonly string[]
  readonly const: unknown
  readonly enum: readonly unknown[]
  readonly anyOf: readonly Schema[]
  readonly allOf: readonly Schema[]
  readonly oneOf: readonly Schema[]
  readonly minimum: number
  readonly maximum: number
  readonly exclusiveMinimum: number
  readonly exclusiveMaximum: number
  readonly minLength: number
  readonly maxLength: number
  readonly pattern: string
  readonly minItems: number
  readonly maxItems: number
  readonly uniqueItems: boolean
  readonly prefixItems: readonly Schema[] | undefined
  readonly items: Schema
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, Schema>> | undefined
  readonly additionalProperties: Schema
}

const ANNOTATIONS = [
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
]

export function schemaFault(value: unknown, schema: Schema, root: Schema = schema): string {
  if (schema === true) return ''
  if (schema === false) return 'nothing is accepted'
  for (const keyword of Object.keys(schema)) {
    if (ANNOTATIONS.includes(keyword)) continue
    const check = CHECKS[keyword]
    if (!check) throw new Error(`the reference does not know ${keyword}`)
    const fault = check(value, schema as unknown as Keywords, root)
    if (fault !== '') return `${keyword}: ${fault} in ${JSON.stringify(value)}`
  }
  return ''
}

type Check = (value: unknown, schema: Keywords, root: Schema) => string

const says = (isRight: boolean, fault = 'wrong'): string => (isRight ? '' : fault)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const some = (faults: readonly string[]): string => faults.find((fault) => fault !== '') ?? ''
const ifText = (value: unknown, check: (length: number, text: string) => boolean) =>
  says(typeof value !== 'string' || check(Array.from(value).length, value))
const ifNumber = (value: unknown, check: (value: number) => boolean) => says(typeof value !== 'number' || check(value))
const ifArray = (value: unknown, check: (value: unknown[]) => string) => (Array.isArray(value) ? check(value) : '')
const ifObject = (value: unknown, check: (value: Record<string, unknown>) => string) =>
  isObject(value) ? check(value) : ''

function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]))
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  }
  return a === b
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
}

function pointed(ref: string, root: Schema): Schema {
  let at: unknown = root
  for (const part of ref.split('/').slice(1)) {
    at = (at as Record<string, unknown>)[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return at as Schema
}

const matching = (value: unknown, branches: readonly Schema[], root: Schema): number =>
  branches.filter((branch) => schemaFault(value, branch, root) === '').length

const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (value, { $ref }, root) => schemaFault(value, pointed($ref, root), root),
  type: (value, { type }) => says([type].flat().some((name) => TYPES[name]!(value))),
  const: (value, schema) => says(equal(value, schema.const)),
  enum: (value, schema) => says(schema.enum.some((one) => equal(one, value))),
  anyOf: (value, { anyOf }, root) => says(matching(value, anyOf, root) > 0),
  allOf: (value, { allOf }, root) => says(matching(value, allOf, root) === allOf.length),
  oneOf: (value, { oneOf }, root) => says(matching(value, oneOf, root) === 1, `${matching(value, oneOf, root)} fit`),
  minimum: (value, { minimum }) => ifNumber(value, (number) => number >= minimum),
  maximum: (value, { maximum }) => ifNumber(value, (number) => number <= maximum),
  exclusiveMinimum: (value, { exclusiveMinimum }) => ifNumber(value, (number) => number > exclusiveMinimum),
  exclusiveMaximum: (value, { exclusiveMaximum }) => ifNumber(value, (number) => number < exclusiveMaximum),
  minLength: (value, { minLength }) => ifText(value, (length) => length >= minLength),
  maxLength: (value, { maxLength }) => ifText(value, (length) => length <= maxLength),
  pattern: (value, { pattern }) => ifText(value, (_, text) => new RegExp(pattern, 'u').test(text)),
  minItems: (value, { minItems }) => ifArray(value, ({ length }) => says(length >= minItems)),
  maxItems: (value, { maxItems }) => ifArray(value, ({ length }) => says(length <= maxItems)),
  uniqueItems: (_, { uniqueItems }) => says(uniqueItems === false),
  prefixItems: (value, { prefixItems = [] }, root) =>
    ifArray(value, (items) =>
      some(prefixItems.slice(0, items.length).map((schema, i) => schemaFault(items[i], schema, root))),
    ),
  items: (value, { items, prefixItems = [] }, root) =>
    ifArray(value, (all) => some(all.slice(prefixItems.length).map((item) => schemaFault(item, items, root)))),
  required: (value, { required }) =>
    ifObject(value, (object) => some(required.map((key) => says(Object.hasOwn(object, key), key)))),
  properties: (value, { properties = {} }, root) =>
    ifObject(value, (object) =>
      some(
        Object.entries(properties).map(([key, schema]) =>
          Object.hasOwn(object, key) ? schemaFault(object[key], schema, root) : '',
        ),
      ),
    ),
  additionalProperties: (value, { additionalProperties, properties = {} }, root) =>
    ifObject(value, (object) =>
      some(
        Object.entries(object)
          .filter(([key]) => !Object.hasOwn(properties, key))
          .map(([, inner]) => schemaFault(inner, additionalProperties, root)),
      ),
    ),
}
