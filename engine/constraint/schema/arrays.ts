// Arrays: first items, then items of one kind, counted where the schema counts them. White space is at most one space
// after [ and , and before ]. Pure.
import { NOTHING, RETURN_STATE, type StateId } from '../grammar.ts'
import { countedArray } from './counted-items.ts'
import { firstCount, itemAssertions } from './inside.ts'
import type { Items, Shape } from './shape.ts'
import { uniqueItems } from './unique-items.ts'
import { spaced, type ValueCompiler } from './value-compiler.ts'

export function arrayState(compiler: ValueCompiler, shape: Shape, to: StateId): StateId {
  const excluded = shape.excluded.filter(Array.isArray)
  // Listed arrays that must not be are told apart by having no items; others are left out whole.
  if (excluded.some((value) => value.length > 0)) return NOTHING
  const items = narrowed(excluded.length > 0 ? { ...shape.items, least: Math.max(1, shape.items.least) } : shape.items)
  if (items.least > items.most) return NOTHING
  const contained = items.contained.filter(({ least, most }) => least > 0 || most < Number.POSITIVE_INFINITY)
  if (items.uniquePath !== undefined && items.most > 1) return uniqueItems(compiler, items, to)
  if (contained.length > 0) return countedArray(compiler, { ...items, contained }, to)
  return plainItems(compiler, items, to)
}

/** Without a word about further items there are none beside the first ones, unless the array must be longer. */
function narrowed(items: Items): Items {
  const counts = items.parts.filter(({ first, others }) => first.length > 0 && !others).map(({ first }) => first.length)
  const most = Math.min(...counts)
  return counts.length > 0 && items.least <= most ? { ...items, most: Math.min(items.most, most) } : items
}

function plainItems(compiler: ValueCompiler, items: Items, to: StateId): StateId {
  const { builder } = compiler
  const { least, most } = items
  const first = firstCount(items)
  const close = spaced(builder, builder.text(']', to))
  const further = (state: StateId) => builder.text(',', spaced(builder, state))
  // The first item and the later ones share it, or arrays of arrays would double with every level.
  const anyItem = most > first ? compiler.value(itemAssertions(items, first), RETURN_STATE) : NOTHING
  /** The item after `count` others, then what may follow it. */
  const item = (count: number): StateId =>
    count < first
      ? compiler.value(itemAssertions(items, count), after(count + 1))
      : builder.add({ kind: 'call', start: anyItem, to: after(count + 1) })
  /** After `count` items, at least one. */
  const after = (count: number): StateId => {
    if (count >= most) return close
    if (count < first) return builder.anyOf(count >= least ? close : undefined, further(item(count)))
    const body = further(anyItem)
    return builder.add({ kind: 'repeat', body, least: Math.max(0, least - count), most: most - count, to: close })
  }
  const alternatives = [least === 0 ? close : undefined, most > 0 ? spaced(builder, item(0)) : undefined]
  return builder.text('[', builder.anyOf(...alternatives))
}
