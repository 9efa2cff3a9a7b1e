// type, const, enum. Pure.
import type { Keyword } from '../keyword.ts'
import { arrayOf, invalidSchema, type SchemaNode } from '../schema-node.ts'
import { canonical, NUMBER, ofTypes, type Shape, TYPE, typeOfValue } from '../shape.ts'

const TYPES: Readonly<Record<string, number>> = {
  object: TYPE.object,
  array: TYPE.array,
  string: TYPE.string,
  number: NUMBER,
  integer: TYPE.integer,
  boolean: TYPE.boolean,
  null: TYPE.null,
}

/** OpenAPI's `nullable` adds null to the types. */
function typesOf({ schema, path }: SchemaNode): number {
  const names: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  const bits = names.map((name) => (typeof name === 'string' && Object.hasOwn(TYPES, name) ? TYPES[name]! : 0))
  if (bits.length === 0 || bits.includes(0)) {
    throw invalidSchema(`${path}/type`, `types (${Object.keys(TYPES).join(', ')})`, schema.type)
  }
  return bits.reduce((all, bit) => all | bit, schema.nullable === true ? TYPE.null : 0)
}

const type: Keyword = {
  names: ['type'],
  hold: (shape, node) => [ofTypes(shape, typesOf(node))],
  deny: (shape, node) => [{ ...shape, types: shape.types & ~typesOf(node) }],
}

function listed(shape: Shape, values: readonly unknown[], path: string): Shape {
  const wrong = values.find((value) => typeOfValue(value) === 0)
  if (wrong !== undefined) throw invalidSchema(path, 'JSON values', String(wrong))
  const names = new Set(values.map(canonical))
  const kept = shape.values ? shape.values.filter((value) => names.has(canonical(value))) : values
  return { ...shape, values: kept, isStated: true }
}

const excluded = (shape: Shape, values: readonly unknown[]): Shape => ({
  ...shape,
  excluded: [...shape.excluded, ...values],
})

const constant: Keyword = {
  names: ['const'],
  hold: (shape, { schema, path }) => [listed(shape, [schema.const], path)],
  deny: (shape, { schema }) => [excluded(shape, [schema.const])],
}

const enumeration: Keyword = {
  names: ['enum'],
  hold: (shape, node) => [listed(shape, arrayOf(node, 'enum')!, node.path)],
  deny: (shape, node) => [excluded(shape, arrayOf(node, 'enum')!)],
}

export const TYPE_KEYWORDS: readonly Keyword[] = [type, constant, enumeration]
