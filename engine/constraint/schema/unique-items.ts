// Arrays of which no two items are equal: held where the items are few listed values, of which each comes once. Pure.
import { NOTHING, type StateId } from '../grammar.ts'
import { firstCount, itemAssertions } from './inside.ts'
import { unsupportedSchema } from './schema-node.ts'
import { canonical, type Items, type Shape, TYPE } from './shape.ts'
import { spaced, type ValueCompiler } from './value-compiler.ts'

/** Values that come in any order; more come in the order in which they are listed. */
const ANY_ORDER_MAX = 8
const LISTED_MAX = 256

export function uniqueItems(compiler: ValueCompiler, items: Items, to: StateId): StateId {
  const values = firstCount(items) === 0 && items.contained.length === 0 ? listed(compiler, items) : undefined
  if (values === undefined || values.length > LISTED_MAX) {
    throw unsupportedSchema(items.uniquePath!, 'items of a few listed values', 'others')
  }
  const { builder } = compiler
  const close = spaced(builder, builder.text(']', to))
  const isAnyOrder = values.length <= ANY_ORDER_MAX
  const known = new Map<string, StateId>()
  /** After `count` items; `taken`: bits of values, or without an order the values before the next. */
  const after = (count: number, taken: number): StateId => {
    const name = `${count} ${taken}`
    const made = known.get(name)
    if (made !== undefined) return made
    const state = builder.anyOf(
      count >= items.least ? close : undefined,
      count < items.most ? more(count, taken) : undefined,
    )
    known.set(name, state)
    return state
  }
  const more = (count: number, taken: number): StateId | undefined => {
    const states = values.flatMap((value, i) => {
      if (isAnyOrder ? (taken >> i) & 1 : i < taken) return []
      const next = after(count + 1, isAnyOrder ? taken | (1 << i) : i + 1)
      return next === NOTHING ? [] : [builder.oneOf([new TextEncoder().encode(JSON.stringify(value))], next)]
    })
    if (states.length === 0) return undefined
    const item = spaced(builder, builder.anyOf(...states))
    return count === 0 ? item : builder.text(',', item)
  }
  return builder.text('[', after(0, 0))
}

/** All values that an item may have; undefined where they are not listed. */
function listed({ expansion }: ValueCompiler, items: Items): readonly unknown[] | undefined {
  const values = new Map<string, unknown>()
  for (const shape of expansion.shapesOf(itemAssertions(items, 0))) {
    const of = shape.values ? expansion.valuesOf(shape) : simpleValues(shape)
    if (of === undefined) return undefined
    for (const value of of) values.set(canonical(value), value)
  }
  return [...values.values()]
}

function simpleValues({ types, excluded }: Shape): readonly unknown[] | undefined {
  if ((types & ~(TYPE.null | TYPE.boolean)) !== 0) return undefined
  const values = [...(types & TYPE.null ? [null] : []), ...(types & TYPE.boolean ? [true, false] : [])]
  return values.filter((value) => !excluded.includes(value))
}
