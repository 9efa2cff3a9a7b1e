// Equality, order, membership and iteration as Python defines them.
import type { Budget } from './budget.ts'
import { characterCount, includes } from './python-text.ts'
import {
  asKey,
  asNumber,
  countedItems,
  type Dict,
  defined,
  Iteration,
  isDict,
  type Key,
  Range,
  TemplateFault,
  Tuple,
  told,
  typeName,
  Undefined,
  type Value,
  View,
} from './values.ts'

/** Python's `==`. */
export function isEqual(a: Value, b: Value, budget: Budget): boolean {
  budget.spend()
  if (typeof a === 'string' && typeof b === 'string') {
    budget.look(a.length === b.length ? a.length : 0)
    return a === b
  }
  if (a === b) return !Number.isNaN(a)
  const [x, y] = [asNumber(a), asNumber(b)]
  // biome-ignore lint/suspicious/noDoubleEquals: an integer may equal a float, exactly
  if (x !== undefined && y !== undefined) return x == y
  if (a instanceof Undefined) return b instanceof Undefined
  if (isDict(a)) return isDict(b) && isEqualDict(a, b, budget)
  const [items, others] = [sequenceLike(a, b), sequenceLike(b, a)]
  if (items === undefined || others === undefined || items.length !== others.length) return false
  return items.every((item, i) => isEqual(item, others[i]!, budget))
}

/** The items of `value` where it can equal `other` by its items: a list a list, a tuple a tuple, a range a range. */
function sequenceLike(value: Value, other: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return Array.isArray(other) ? value : undefined
  if (value instanceof Tuple) return other instanceof Tuple ? value.items : undefined
  return value instanceof Range && other instanceof Range ? value.items : undefined
}

function isEqualDict(a: Dict, b: Dict, budget: Budget): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) {
    const other = lookUp(b, key, budget)
    if (other === undefined || !isEqual(value, other, budget)) return false
  }
  return true
}

/**
 * Numbers may be chosen so that the engine finds each only behind all others, since it makes their places known; those of
 * texts it keeps secret.
 */
const NUMBER_KEY_COST = 4

/** The same entries in a new dictionary. */
export function copyDict(dict: Dict, budget: Budget): Dict {
  budget.entries(dict.size)
  let numbers = 0
  for (const key of dict.keys()) if (typeof key !== 'string') numbers++
  budget.walk((NUMBER_KEY_COST * numbers * numbers) / 2)
  return new Map(dict)
}

/** The entry under a key; 1, 1.0 and True are the same key. */
export function lookUp(dict: Dict, key: Key, budget: Budget): Value | undefined {
  return dict.get(sameKey(dict, key, budget))
}

/** The key as the dictionary has it, or as it is given where the dictionary has none like it. */
export function sameKey(dict: Dict, key: Key, budget: Budget): Key {
  budget.spend()
  // A text is read once to find its place.
  if (typeof key === 'string') budget.look(key.length)
  if (typeof key === 'string' || key === null) return key
  budget.walk(NUMBER_KEY_COST * dict.size)
  if (dict.has(key)) return key
  const number = Number(key)
  const twins: Key[] = [number, number === 1, ...(Number.isInteger(number) ? [BigInt(number)] : [])]
  // biome-ignore lint/suspicious/noDoubleEquals: 1n and 1 are one key
  return twins.find((twin) => twin == key && dict.has(twin)) ?? key
}

/** By code points, as Python orders strings. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === length) return a.length - b.length
  const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
  // Surrogates stand for characters above all others.
  const isSurrogate = (unit: number) => unit >= 0xd800 && unit < 0xe000
  return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
}

/** Negative, zero or positive; NaN where no order holds. Throws for values that have no order. */
export function compare(a: Value, b: Value, budget: Budget, operator = '<'): number {
  budget.spend()
  const [x, y] = [asNumber(defined(a)), asNumber(defined(b))]
  // biome-ignore lint/suspicious/noDoubleEquals: an integer may equal a float, exactly
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x == y ? 0 : Number.NaN
  if (typeof a === 'string' && typeof b === 'string') {
    budget.look(Math.min(a.length, b.length))
    return compareTexts(a, b)
  }
  const [items, others] = [sequenceLike(a, b), sequenceLike(b, a)]
  if (items === undefined || others === undefined || a instanceof Range) {
    throw new TemplateFault(
      told`'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
    )
  }
  for (let i = 0; i < Math.min(items.length, others.length); i++) {
    if (!isEqual(items[i]!, others[i]!, budget)) return compare(items[i]!, others[i]!, budget, operator)
  }
  return items.length - others.length
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return includes(container, item, budget)
    throw new TemplateFault(told`'in <string>' requires string as left operand, not ${typeName(item)}`)
  }
  if (isDict(container)) {
    return !(item instanceof Undefined) && container.has(sameKey(container, asKey(item), budget))
  }
  if (container instanceof Undefined) return false
  const items = container instanceof Iteration ? container.take() : countedItems(container)
  if (items === undefined) throw new TemplateFault(told`argument of type '${typeName(container)}' is not iterable`)
  return items.some((other) => isEqual(item, other, budget))
}

/** What a loop over the value gives: elements, keys, or characters. */
export function iterate(value: Value, budget: Budget): readonly Value[] {
  if (typeof value === 'string') {
    budget.elements(value.length)
    return Array.from(value)
  }
  if (isDict(value)) {
    budget.elements(value.size)
    return [...value.keys()]
  }
  if (value instanceof Undefined) return []
  if (value instanceof Iteration) return value.take()
  const items = countedItems(value)
  if (items !== undefined) return items
  throw new TemplateFault(told`'${typeName(value)}' object is not iterable`)
}

/** Characters, elements or entries. */
export function lengthOf(value: Value, budget: Budget): number {
  if (typeof value === 'string') return characterCount(value, budget)
  if (isDict(value)) return value.size
  if (value instanceof Undefined) return 0
  const items = countedItems(value)
  if (items !== undefined) return items.length
  throw new TemplateFault(told`object of type '${typeName(value)}' has no len()`)
}

/** A view over the entries of a dictionary. */
export function viewOf(dict: Dict, name: View['name'], budget: Budget): View {
  budget.entries(dict.size)
  if (name === 'dict_keys') return new View(name, [...dict.keys()])
  if (name === 'dict_values') return new View(name, [...dict.values()])
  return new View(
    name,
    Array.from(dict, (entry) => new Tuple(entry)),
  )
}
