// A schema with all that stands in it: its parts by identifier and anchor, and where references lead, within the document:
// nothing is fetched. Pure.
import { invalidSchema, type SchemaNode, type SchemaObject, textOf, unsupportedSchema } from './schema-node.ts'

/** Keywords that hold schemas, one or a list, */
const HOLDING: ReadonlySet<string> = new Set([
  ...['not', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'contains', 'propertyNames', 'contentSchema'],
  ...['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'additionalProperties', 'unevaluatedProperties'],
])
/** and those that hold them by name. */
const NAMING: ReadonlySet<string> = new Set([
  ...['properties', 'patternProperties', 'dependentSchemas', 'dependencies', 'definitions', '$defs'],
])
/** The address of a document that names none. */
const NO_ADDRESS = 'schema://document/'
/** Drafts in which a reference hides what stands beside it, and those in which an identifier is called `id`. */
const HIDING = /^https?:\/\/json-schema\.org\/draft-0[34567]\/schema#?$/
const PLAIN_ID = /draft-0[34]/

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export class SchemaDocument {
  readonly #root: unknown
  readonly #nodes = new Map<object, SchemaNode>()
  /** The address of what stands in a schema, where it is not the document's. */
  readonly #bases = new Map<object, string>()
  /** Schemas by their address, which may end with an anchor. */
  readonly #addresses = new Map<string, object>()
  /** How often a name is a dynamic anchor. */
  readonly #dynamic = new Map<string, number>()
  #identifiers = 0
  /** Whether a reference hides what stands beside it. */
  readonly isHiding: boolean
  readonly #hasPlainId: boolean

  constructor(root: unknown) {
    this.#root = root
    this.isHiding = isObject(root) && typeof root.$schema === 'string' && HIDING.test(root.$schema)
    this.#hasPlainId = this.isHiding && PLAIN_ID.test((root as SchemaObject).$schema as string)
    this.#read(root)
  }

  /** The schema as a node: `true` is one without keywords, `false` one that has no value. */
  node(schema: unknown, path: string): SchemaNode {
    const value = schema === true ? EVERYTHING : schema === false ? NO_VALUE : schema
    if (!isObject(value)) throw invalidSchema(path, 'a schema (an object or a boolean)', schema)
    const known = this.#nodes.get(value)
    if (known) return known
    const node = { schema: value, path, id: this.#nodes.size }
    this.#nodes.set(value, node)
    return node
  }

  /** Where the reference of a node leads. */
  target(node: SchemaNode, key: '$ref' | '$dynamicRef' | '$recursiveRef'): SchemaNode {
    const reference = textOf(node, key)
    const path = `${node.path}/${key}`
    const isUnclear =
      (key === '$dynamicRef' && (this.#dynamic.get(reference.replace(/^[^#]*#/, '')) ?? 0) > 1) ||
      (key === '$recursiveRef' && this.#identifiers > 1)
    if (isUnclear) throw unsupportedSchema(path, 'a reference to one place', JSON.stringify(reference))
    const [address, fragment = ''] = split(resolved(reference, this.#bases.get(node.schema) ?? NO_ADDRESS))
    const document = address === NO_ADDRESS ? this.#root : this.#addresses.get(address)
    const anchored = this.#addresses.get(`${address}#${fragment}`)
    if (anchored) return this.node(anchored, `#${fragment}`)
    if (document === undefined) {
      throw unsupportedSchema(path, 'a pointer into this schema (#/...)', JSON.stringify(reference))
    }
    // Many a schema gives its parts identifiers and means the whole document all the same.
    const documents = reference.startsWith('#') ? [document, this.#root] : [document]
    const found = documents.map((one) => pointed(one, fragment, path)).find((schema) => schema !== undefined)
    if (found === undefined) throw invalidSchema(path, 'a pointer to a schema', reference)
    return this.node(found, `#${fragment}`)
  }

  #read(root: unknown): void {
    const open: { value: unknown; base: string }[] = [{ value: root, base: NO_ADDRESS }]
    for (let next = open.pop(); next; next = open.pop()) {
      const { value } = next
      if (!isObject(value)) continue
      const base = this.#name(value, next.base)
      if (base !== NO_ADDRESS) this.#bases.set(value, base)
      for (const inner of schemasIn(value)) open.push({ value: inner, base })
    }
  }

  /** Registers the names of a schema. Returns the address of what stands in it. */
  #name(schema: SchemaObject, outer: string): string {
    const id = typeof schema.$id === 'string' || !this.#hasPlainId ? schema.$id : schema.id
    let base = outer
    const isHidden = this.isHiding && typeof schema.$ref === 'string'
    if (typeof id === 'string' && !isHidden) {
      const [address, fragment] = split(resolved(id, outer))
      if (fragment) this.#register(`${address}#${fragment}`, schema)
      else {
        this.#register(address, schema)
        this.#identifiers++
        base = address
      }
    }
    for (const key of ['$anchor', '$dynamicAnchor'] as const) {
      const anchor = schema[key]
      if (typeof anchor !== 'string') continue
      this.#register(`${base}#${anchor}`, schema)
      if (key === '$dynamicAnchor') this.#dynamic.set(anchor, (this.#dynamic.get(anchor) ?? 0) + 1)
    }
    return base
  }

  #register(address: string, schema: SchemaObject): void {
    if (!this.#addresses.has(address)) this.#addresses.set(address, schema)
  }
}

const EVERYTHING: SchemaObject = {}
const NO_VALUE: SchemaObject = { enum: [] }

/** What stands in a schema as one, in the reverse order. */
function schemasIn(schema: SchemaObject): unknown[] {
  const found = Object.entries(schema).flatMap(([key, value]) => {
    if (HOLDING.has(key)) return Array.isArray(value) ? value : [value]
    return NAMING.has(key) && isObject(value) ? Object.values(value) : []
  })
  return found.reverse()
}

/** The absolute form of a reference; one that has none stays as it is. */
function resolved(reference: string, base: string): string {
  if (reference.startsWith('#')) return base.replace(/#.*$/, '') + reference
  return URL.canParse(reference, base) ? new URL(reference, base).href : reference
}

function split(address: string): [address: string, fragment: string | undefined] {
  const at = address.indexOf('#')
  return at < 0 ? [address, undefined] : [address.slice(0, at), address.slice(at + 1)]
}

/** What is at a pointer; undefined for nothing. */
function pointed(document: unknown, fragment: string, path: string): unknown {
  const [start, ...parts] = fragment.split('/')
  let target = start === '' ? document : undefined
  for (const part of parts) {
    const key = keyOf(part, path)
    const isInside = typeof target === 'object' && target !== null && Object.hasOwn(target, key)
    target = isInside ? (target as Record<string, unknown>)[key] : undefined
  }
  return target
}

function keyOf(part: string, path: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    throw invalidSchema(path, 'a pointer', part)
  }
}
