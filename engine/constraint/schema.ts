// Compiles a JSON Schema (draft 2020-12, the part that can be kept while writing) to a grammar of the JSON texts that it
// accepts. Where a schema leaves something open, the grammar may be narrower, never wider. Pure.
import { TsinferError } from '../errors.ts'
import { SCHEMA_BRANCHES_MAX, SCHEMA_COMPARISONS_MAX, SCHEMA_DEPTH_MAX } from '../limits.ts'
import { arrayState } from './arrays.ts'
import { planClosing } from './closing.ts'
import { type Grammar, GrammarBuilder, NOTHING, RETURN, type StateId } from './grammar.ts'
import { type Bound, numberWithin } from './numbers.ts'
import { objectState, type ValueCompiler } from './objects.ts'
import { excludes } from './one-of.ts'
import { circleOf, resolveReference } from './references.ts'
import {
  arrayOf,
  countOf,
  invalidSchema,
  numberOf,
  type SchemaNode,
  type SchemaObject,
  type SchemaType,
  schemaNode,
  shown,
  TYPES,
  typeOfValue,
  typesOf,
  unsupportedSchema,
} from './schema-node.ts'
import { anyString, characterRule, countedString } from './strings.ts'

/**
 * The JSON texts of `schema`. Throws `schema_unsupported` for a keyword that is not understood, `schema_invalid` for what
 * is no schema or has no value.
 */
export function compileSchema(schema: unknown): Grammar {
  const grammar = compiled(schema)
  const { bytes } = planClosing(grammar, new Array<boolean>(256).fill(true))
  if (bytes[grammar.start] === Number.POSITIVE_INFINITY) {
    throw new TsinferError('schema_invalid', 'schema: expected one that some value fits, found one that none fits')
  }
  return grammar
}

function compiled(schema: unknown): Grammar {
  try {
    return new SchemaCompiler(schema).compile()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const message = 'schema: expected fewer levels, found more than the stack holds'
    throw new TsinferError('schema_invalid', message, { cause })
  }
}

class SchemaCompiler implements ValueCompiler {
  readonly builder = new GrammarBuilder()
  readonly #root: unknown
  /** Rules that end with a return, by what they accept; those of references by their pointer. */
  readonly #rules = new Map<string, StateId>()
  /** Which pointers a pointer leads to without a byte in between. */
  readonly #leads = new Map<string, Set<string>>()
  /** The pointer whose first byte has not been read yet. */
  #beginning: string | undefined
  #depth = 0

  constructor(root: unknown) {
    this.#root = root
  }

  compile(): Grammar {
    const start = this.#pointed('#', this.#root)
    const circle = circleOf(this.#leads)
    if (circle !== undefined) throw invalidSchema(circle, '$ref to something else', 'a circle')
    return { states: this.builder.states, start }
  }

  value(schema: unknown, path: string, to: StateId): StateId {
    if (schema === false) return NOTHING
    if (schema === true) return this.#any(to)
    if (this.#depth >= SCHEMA_DEPTH_MAX) throw invalidSchema(path, `at most ${SCHEMA_DEPTH_MAX} levels`, 'more')
    this.#depth++
    const state = this.#ofNode(schemaNode(schema, path), to)
    this.#depth--
    return state
  }

  #ofNode(node: SchemaNode, to: StateId): StateId {
    const { schema, path } = node
    if (schema.$ref !== undefined) return this.#reference(node, to)
    if (Object.hasOwn(schema, 'const')) return this.#literals([schema.const], node, to)
    const values = arrayOf(node, 'enum')
    if (values !== undefined) return this.#literals(values, node, to)
    for (const key of ['anyOf', 'oneOf', 'allOf'] as const) {
      const branches = arrayOf(node, key)
      if (branches?.length === 0) throw invalidSchema(`${path}/${key}`, 'at least one schema', branches)
      if (branches !== undefined) return this.#branches(node, key, branches, to)
    }
    const types = typesOf(node)
    if (types === undefined) return this.#any(to)
    return this.builder.anyOf(...types.map((type) => this.#typed(type, node, to)))
  }

  #typed(type: SchemaType, node: SchemaNode, to: StateId): StateId {
    const { builder } = this
    switch (type) {
      case 'null':
        return builder.text('null', to)
      case 'boolean':
        return builder.anyOf(builder.text('true', to), builder.text('false', to))
      case 'string':
        return this.#string(node, to)
      case 'number':
      case 'integer':
        return this.#number(type, node, to)
      case 'object':
        return this.#inside(() => objectState(this, node, to))
      case 'array':
        return this.#inside(() => arrayState(this, node, to))
    }
  }

  /** Makes what lies behind a first byte. */
  #inside(make: () => StateId): StateId {
    const beginning = this.#beginning
    this.#beginning = undefined
    const state = make()
    this.#beginning = beginning
    return state
  }

  #string(node: SchemaNode, to: StateId): StateId {
    const least = countOf(node, 'minLength', 0)
    const most = countOf(node, 'maxLength', Number.POSITIVE_INFINITY)
    if (least === 0 && most === Number.POSITIVE_INFINITY) {
      return this.#call('string', () => anyString(this.builder, RETURN), to)
    }
    const character = this.#rule('character', () => characterRule(this.builder))
    return countedString(this.builder, character, least, most, to)
  }

  #number(type: 'number' | 'integer', node: SchemaNode, to: StateId): StateId {
    const bound = (
      key: string,
      exclusiveKey: string,
      stricter: (a: number, b: number) => boolean,
    ): Bound | undefined => {
      const value = numberOf(node, key)
      const exclusive = numberOf(node, exclusiveKey)
      if (exclusive === undefined || (value !== undefined && stricter(value, exclusive))) {
        return value === undefined ? undefined : { value, isExclusive: false }
      }
      return { value: exclusive, isExclusive: true }
    }
    const bounds = {
      minimum: bound('minimum', 'exclusiveMinimum', (inclusive, exclusive) => inclusive > exclusive),
      maximum: bound('maximum', 'exclusiveMaximum', (inclusive, exclusive) => inclusive < exclusive),
    }
    const name = `${type} ${JSON.stringify(bounds)}`
    return this.#call(name, () => numberWithin(this.builder, bounds, type === 'integer', RETURN), to)
  }

  #literals(values: readonly unknown[], { schema, path }: SchemaNode, to: StateId): StateId {
    const types = typesOf({ schema, path }) ?? TYPES
    const fitting = values.filter((value) => {
      const type = typeOfValue(value, path)
      return types.includes(type) || (type === 'integer' && types.includes('number'))
    })
    const texts = fitting.map((value) => new TextEncoder().encode(JSON.stringify(value)))
    return texts.length === 0 ? NOTHING : this.builder.oneOf(texts, to)
  }

  #branches(node: SchemaNode, key: 'anyOf' | 'oneOf' | 'allOf', branches: readonly unknown[], to: StateId): StateId {
    const path = `${node.path}/${key}`
    if (key === 'allOf' && branches.length > 1) throw unsupportedSchema(path, 'one schema', `${branches.length}`)
    if (branches.length > SCHEMA_BRANCHES_MAX) {
      throw unsupportedSchema(path, `at most ${SCHEMA_BRANCHES_MAX} schemas`, `${branches.length}`)
    }
    const narrowed = branches.map((branch, i) => this.#narrowed(branch, node, `${path}/${i}`))
    if (key === 'oneOf') this.#checkExclusive(narrowed, path)
    return this.builder.anyOf(...narrowed.map((branch, i) => this.value(branch, `${path}/${i}`, to)))
  }

  /** A branch with the `type` that stands beside the branches. */
  #narrowed(branch: unknown, node: SchemaNode, path: string): unknown {
    if (node.schema.type === undefined || branch === false) return branch
    const types = typesOf(node)!
    const isAmong = (type: SchemaType) => types.includes(type) || (type === 'integer' && types.includes('number'))
    if (branch === true) return { type: types }
    const { schema } = this.#resolved(schemaNode(branch, path))
    const own = schema.type === undefined ? undefined : typesOf({ schema, path })!
    if (own?.every(isAmong)) return branch
    if ((branch as SchemaObject).$ref !== undefined)
      throw unsupportedSchema(path, `the type ${types} where $ref leads`, shown(schema))
    return { ...(branch as object), type: own === undefined ? types : own.filter(isAmong) }
  }

  #checkExclusive(branches: readonly unknown[], path: string): void {
    const resolve = (schema: SchemaObject, at: string) => this.#resolved(schemaNode(schema, at)).schema
    const comparing = { resolve, stepsLeft: SCHEMA_COMPARISONS_MAX }
    for (const [i, one] of branches.entries()) {
      for (const [j, other] of branches.entries()) {
        if (i === j || excludes(one, other, path, comparing)) continue
        const pair = `${Math.min(i, j)} and ${Math.max(i, j)}`
        throw unsupportedSchema(path, 'schemas of which no two can accept the same value (else anyOf)', pair)
      }
    }
  }

  /** The schema itself, or where its references lead in the end. */
  #resolved(node: SchemaNode): SchemaNode {
    let at = node
    for (let steps = 0; at.schema.$ref !== undefined; steps++) {
      if (steps > SCHEMA_DEPTH_MAX) throw invalidSchema(node.path, '$ref to something else', 'a circle')
      const { schema, pointer } = resolveReference(this.#root, at)
      at =
        typeof schema === 'boolean'
          ? { schema: schema ? {} : { enum: [] }, path: pointer }
          : schemaNode(schema, pointer)
    }
    return at
  }

  #reference(node: SchemaNode, to: StateId): StateId {
    if (node.schema.type !== undefined)
      throw unsupportedSchema(node.path, 'nothing that narrows values beside $ref', 'type')
    const { schema, pointer } = resolveReference(this.#root, node)
    if (this.#beginning !== undefined) this.#leads.get(this.#beginning)!.add(pointer)
    return this.builder.add({ kind: 'call', start: this.#pointed(pointer, schema), to })
  }

  /** The rule of a pointer; it may call itself. */
  #pointed(pointer: string, schema: unknown): StateId {
    const known = this.#rules.get(pointer)
    if (known !== undefined) return known
    const rule = this.builder.reserve()
    this.#rules.set(pointer, rule)
    this.#leads.set(pointer, new Set())
    const beginning = this.#beginning
    this.#beginning = pointer
    this.builder.define(rule, { kind: 'split', to: [this.value(schema, pointer, RETURN)] })
    this.#beginning = beginning
    return rule
  }

  #any(to: StateId): StateId {
    const everything = { type: TYPES.filter((type) => type !== 'integer') }
    return this.#call('any', () => this.value(everything, '#', RETURN), to)
  }

  #call(name: string, make: () => StateId, to: StateId): StateId {
    return this.builder.add({ kind: 'call', start: this.#rule(name, make), to })
  }

  #rule(name: string, make: () => StateId): StateId {
    const known = this.#rules.get(name)
    if (known !== undefined) return known
    const rule = this.builder.reserve()
    this.#rules.set(name, rule)
    this.builder.define(rule, { kind: 'split', to: [make()] })
    return rule
  }
}
