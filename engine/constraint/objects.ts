// Objects: their properties in the order of the schema, optional ones left out or not, then others where they may be.
// White space is at most one space after { , : and before }. Pure.
import type { GrammarBuilder, StateId } from './grammar.ts'
import { arrayOf, invalidSchema, pointerPart, type SchemaNode } from './schema-node.ts'
import { otherKey } from './strings.ts'

/** What compiles the schemas inside. */
export interface ValueCompiler {
  readonly builder: GrammarBuilder
  /** A value of `schema`, which stands at `path`, then `to`. */
  value(schema: unknown, path: string, to: StateId): StateId
}

/** At most one space, then `to`. */
export const spaced = (builder: GrammarBuilder, to: StateId): StateId => builder.anyOf(to, builder.text(' ', to))

interface Property {
  readonly key: string
  readonly isRequired: boolean
  readonly schema: unknown
  readonly path: string
}

export interface ObjectShape {
  /** Those of the schema, then those that are only required. */
  readonly properties: readonly Property[]
  /** What other properties must be; undefined where there are none. */
  readonly others: unknown
}

/** Without a word about other properties there are none beside those that are listed. */
export function objectShape(node: SchemaNode): ObjectShape {
  const { schema, path } = node
  const { properties = {}, additionalProperties } = schema
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    throw invalidSchema(`${path}/properties`, 'an object', properties)
  }
  const required = arrayOf(node, 'required') ?? []
  const wrong = required.find((key) => typeof key !== 'string')
  if (wrong !== undefined) throw invalidSchema(`${path}/required`, 'names', wrong)
  const names = new Set(required as readonly string[])
  const listed = Object.entries(properties).map(([key, inner]) => ({
    key,
    isRequired: names.has(key),
    schema: inner as unknown,
    path: `${path}/properties/${pointerPart(key)}`,
  }))
  const unlisted = [...names].filter((key) => !Object.hasOwn(properties, key))
  const more = unlisted.map((key) => ({
    key,
    isRequired: true,
    schema: additionalProperties ?? true,
    path: `${path}/additionalProperties`,
  }))
  const others = additionalProperties ?? schema.properties === undefined
  return { properties: [...listed, ...more], others: others === false ? undefined : others }
}

export function objectState(compiler: ValueCompiler, node: SchemaNode, to: StateId): StateId {
  const { builder } = compiler
  const { properties, others } = objectShape(node)
  const close = spaced(builder, builder.text('}', to))
  /** The member, or what `others` begins with: keys are read together, so that few states are live at once. */
  const member = ({ key, schema, path }: Property, after: StateId, others: StateId | undefined) => {
    const value = spaced(builder, compiler.value(schema, path, after))
    return builder.besideLiteral(others, new TextEncoder().encode(`${JSON.stringify(key)}:`), value)
  }
  /** After the members so far: the object ends, or goes on with one of those from `choice` on. */
  const following = (mayClose: boolean, choice: StateId | undefined) =>
    builder.anyOf(
      mayClose ? close : undefined,
      choice === undefined ? undefined : builder.text(',', spaced(builder, choice)),
    )
  let choice: StateId | undefined
  let after = close
  if (others !== undefined) {
    after = builder.reserve()
    const inner = spaced(builder, compiler.value(others, `${node.path}/additionalProperties`, after))
    choice = otherKey(
      builder,
      properties.map(({ key }) => key),
      builder.text(':', inner),
    )
    builder.define(after, { kind: 'split', to: [following(true, choice)] })
  }
  let mayClose = true
  for (const property of properties.toReversed()) {
    mayClose &&= !property.isRequired
    choice = member(property, after, property.isRequired ? undefined : choice)
    after = following(mayClose, choice)
  }
  return builder.text(
    '{',
    builder.anyOf(mayClose ? close : undefined, choice === undefined ? undefined : spaced(builder, choice)),
  )
}
