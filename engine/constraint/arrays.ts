// Arrays: a fixed beginning, then items of one kind, counted where the schema counts them. White space is at most one
// space after [ and , and before ]. Pure.
import { NOTHING, RETURN, type StateId } from './grammar.ts'
import { spaced, type ValueCompiler } from './objects.ts'
import { arrayOf, countOf, invalidSchema, type SchemaNode, unsupportedSchema } from './schema-node.ts'

export interface ArrayShape {
  /** Schemas of the first items. */
  readonly prefix: readonly unknown[]
  /** What the items after them must be. */
  readonly items: unknown
  readonly least: number
  readonly most: number
}

/** Without a word about further items there are none beside a fixed beginning, unless the array must be longer. */
export function arrayShape(node: SchemaNode): ArrayShape {
  const { schema, path } = node
  const prefix = arrayOf(node, 'prefixItems') ?? []
  const least = countOf(node, 'minItems', 0)
  const most = countOf(node, 'maxItems', Number.POSITIVE_INFINITY)
  if (Array.isArray(schema.items))
    throw unsupportedSchema(path, 'one schema as items (a list is prefixItems)', 'a list')
  if (prefix.length === 0 && schema.prefixItems !== undefined) {
    throw invalidSchema(`${path}/prefixItems`, 'at least one schema', schema.prefixItems)
  }
  const isFixed = schema.items === false || (schema.items === undefined && prefix.length > 0 && least <= prefix.length)
  return { prefix, items: schema.items ?? true, least, most: isFixed ? Math.min(most, prefix.length) : most }
}

export function arrayState(compiler: ValueCompiler, node: SchemaNode, to: StateId): StateId {
  const { builder } = compiler
  const { prefix, items, least, most } = arrayShape(node)
  if (least > most) return NOTHING
  const close = spaced(builder, builder.text(']', to))
  const further = (state: StateId) => builder.text(',', spaced(builder, state))
  const hasItems = most > prefix.length
  // The first item and the later ones share it, or arrays of arrays would double with every level.
  const anyItem = hasItems ? compiler.value(items, `${node.path}/items`, RETURN) : NOTHING
  /** The item after `count` others, then what may follow it. */
  const item = (count: number): StateId =>
    count < prefix.length
      ? compiler.value(prefix[count], `${node.path}/prefixItems/${count}`, after(count + 1))
      : builder.add({ kind: 'call', start: anyItem, to: after(count + 1) })
  /** After `count` items, at least one. */
  const after = (count: number): StateId => {
    if (count >= most) return close
    if (count < prefix.length) return builder.anyOf(count >= least ? close : undefined, further(item(count)))
    const body = further(anyItem)
    return builder.add({ kind: 'repeat', body, least: Math.max(0, least - count), most: most - count, to: close })
  }
  const alternatives = [least === 0 ? close : undefined, most > 0 ? spaced(builder, item(0)) : undefined]
  return builder.text('[', builder.anyOf(...alternatives))
}
