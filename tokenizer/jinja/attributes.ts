// What `value.name` and `value[key]` give: methods, entries, elements, slices.
import { type Methods, touch } from './arguments.ts'
import type { Budget } from './budget.ts'
import { lookUp } from './comparison.ts'
import { DICT_METHODS, UNSIZED_DICT_METHODS } from './dict-methods.ts'
import { formatBraces } from './formatting.ts'
import { LIST_METHODS, TUPLE_METHODS, UNSIZED_LIST_METHODS } from './list-methods.ts'
import { characterAtIndex, isPlain } from './python-text.ts'
import { STRING_METHODS } from './string-methods.ts'
import { represent } from './text.ts'
import {
  asKey,
  Callable,
  indexedItems,
  isDict,
  Namespace,
  TemplateFault,
  Tuple,
  told,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

/** `value.name`: a method or field first, then the entry of a dictionary. */
export function attributeOf(value: Value, name: string, budget: Budget): Value {
  const method = own(value, name, budget)
  const found = method === undefined ? entry(value, name, budget) : method
  return found === undefined ? missing(value, name, budget) : found
}

/** `value | attr(name)`: a method or field only. */
export function methodOf(value: Value, name: string, budget: Budget): Value {
  const method = own(value, name, budget)
  return method === undefined ? missing(value, name, budget) : method
}

/** `value[key]`: the entry or element first, then a method or field. */
export function itemOf(value: Value, key: Value, budget: Budget): Value {
  const element = entry(value, key, budget)
  const found = element === undefined && typeof key === 'string' ? own(value, key, budget) : element
  return found === undefined ? missing(value, key, budget) : found
}

/** Characters of a name in an error, which puts it in quotes. */
const NAME_SHOWN_MAX = 60

function missing(value: Value, key: Value, budget: Budget): Undefined {
  const owner = value === null ? 'None' : `'${typeName(value)} object'`
  const what = typeof key === 'string' ? 'attribute' : 'element'
  const shown = typeof key === 'string' ? key.slice(0, NAME_SHOWN_MAX) : key
  return new Undefined(told`${owner} has no ${what} ${represent(shown, budget)}`)
}

/** Fields and methods of the value itself. */
function own(value: Value, name: string, budget: Budget): Value | undefined {
  if (value instanceof Undefined) throw new TemplateFault(value.why)
  if (value instanceof Namespace) return value.fields.get(name)
  if (typeof value === 'string') {
    return name === 'format' ? formatOf(value, budget) : bound(STRING_METHODS, NONE, value, name, budget)
  }
  if (isDict(value)) return bound(DICT_METHODS, UNSIZED_DICT_METHODS, value, name, budget)
  if (Array.isArray(value)) return bound(LIST_METHODS, UNSIZED_LIST_METHODS, value, name, budget)
  return value instanceof Tuple ? bound(TUPLE_METHODS, NONE, value, name, budget) : undefined
}

const NONE: ReadonlySet<string> = new Set()

/** The method as a function that charges what it passes over before it runs, unless it is among `unsized`. */
function bound<Self extends Value>(
  methods: Methods<Self>,
  unsized: ReadonlySet<string>,
  self: Self,
  name: string,
  budget: Budget,
): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  return (
    method &&
    new Callable(name, (args) => {
      if (!unsized.has(name)) touch(self, args, budget)
      return method(self, args, budget)
    })
  )
}

/** What Python's `value[key]` finds; undefined where it raises an error that Jinja turns into an undefined value. */
function entry(value: Value, key: Value, budget: Budget): Value | undefined {
  if (value instanceof Undefined) throw new TemplateFault(value.why)
  if (isDict(value)) {
    return key === null || typeof key !== 'object' ? lookUp(value, asKey(key), budget) : undefined
  }
  const index = typeof key === 'bigint' || typeof key === 'boolean' ? Number(key) : undefined
  if (index === undefined) return undefined
  if (typeof value !== 'string') return indexedItems(value)?.at(index)
  return characterAtIndex(value, index, budget)
}

/** `value[start:stop:step]`. */
export function sliceOf(value: Value, start: Value, stop: Value, step: Value, budget: Budget): Value {
  const bounds = [start, stop, step].map((bound) => {
    if (bound === null) return undefined
    if (typeof bound === 'bigint' || typeof bound === 'boolean') return Number(bound)
    throw new TemplateFault('slice indices must be integers or None')
  })
  const [from, to, stride = 1] = bounds
  if (stride === 0) throw new TemplateFault('slice step cannot be zero')
  if (typeof value === 'string') {
    if (stride === 1 && isPlain(value, budget)) return value.slice(from, to)
    budget.elements(value.length)
    return pick(Array.from(value), from, to, stride, budget).join('')
  }
  if (value instanceof Undefined) throw new TemplateFault(value.why)
  const items = indexedItems(value)
  if (items === undefined) throw new TemplateFault(told`'${typeName(value)}' object is not subscriptable`)
  const picked = pick(items, from, to, stride, budget)
  return value instanceof Tuple ? new Tuple(picked) : picked
}

function pick<Item>(
  items: readonly Item[],
  from: number | undefined,
  to: number | undefined,
  stride: number,
  budget: Budget,
): Item[] {
  const { length } = items
  const clamp = (index: number, low: number, high: number) =>
    Math.min(Math.max(index < 0 ? index + length : index, low), high)
  budget.elements(length)
  const picked: Item[] = []
  if (stride > 0) {
    const end = clamp(to ?? length, 0, length)
    for (let i = clamp(from ?? 0, 0, length); i < end; i += stride) picked.push(items[i]!)
  } else {
    const end = to === undefined ? -1 : clamp(to, -1, length - 1)
    for (let i = from === undefined ? length - 1 : clamp(from, -1, length - 1); i > end; i += stride)
      picked.push(items[i]!)
  }
  return picked
}

const formatOf = (text: string, budget: Budget): Callable =>
  new Callable('format', (args) => {
    touch(text, args, budget)
    return formatBraces(text, args, (value, part) => followPath(value, part, budget), budget)
  })

/** One step of a path in `'{a.b[c]}'.format(...)`. */
function followPath(value: Value, part: string, budget: Budget): Value {
  budget.spend()
  if (part.startsWith('.')) return attributeOf(value, part.slice(1), budget)
  const key = part.slice(1, -1)
  return itemOf(value, /^\d+$/.test(key) ? BigInt(key) : key, budget)
}
