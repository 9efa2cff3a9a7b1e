// Jinja's filters of lists and dictionaries.
import { asInteger, asText, type Filter, match, required } from './arguments.ts'
import { itemOf } from './attributes.ts'
import type { Budget } from './budget.ts'
import { compare, isEqual, iterate, viewOf } from './comparison.ts'
import { binary } from './operators.ts'
import { split } from './python-text.ts'
import { valueText } from './text.ts'
import {
  type Arguments,
  countedItems,
  defined,
  either,
  Iteration,
  isDict,
  isTrue,
  TemplateFault,
  Tuple,
  told,
  Undefined,
  type Value,
} from './values.ts'

type Getter = (item: Value) => Value

/** Follows `a.b.0`; an undefined step becomes `fallback`, unless that is None or absent. */
function getter(attribute: Value | undefined, budget: Budget, fallback: Value = null): Getter {
  if (attribute === undefined || attribute === null) return (item) => item
  const parts = typeof attribute !== 'string' ? [attribute] : split(attribute, '.', -1, budget).map(pathPart)
  return (item) =>
    parts.reduce<Value>((value, part) => {
      budget.spend()
      const found = itemOf(value, part, budget)
      return found instanceof Undefined && fallback !== null ? fallback : found
    }, item)
}

const pathPart = (part: string): Value => (/^\d+$/.test(part) ? BigInt(part) : part)

function caseless(value: Value, budget: Budget): Value {
  if (typeof value !== 'string') return value
  budget.look(2 * value.length)
  return value.toLowerCase()
}

/** A stable sort by the first key that differs. */
function sortBy(items: readonly Value[], keys: readonly Getter[], isReverse: boolean, budget: Budget): Value[] {
  budget.elements(items.length)
  const keyed = items.map((item) => ({ item, keys: keys.map((key) => key(item)) }))
  keyed.sort((a, b) => {
    const at = a.keys.findIndex((key, i) => !isEqual(key, b.keys[i]!, budget))
    if (at < 0) return 0
    const order = compare(a.keys[at]!, b.keys[at]!, budget)
    return isReverse ? -order : order
  })
  return keyed.map(({ item }) => item)
}

const sort: Filter = (value, args, { budget }) => {
  const given = match('sort', args, ['reverse', 'case_sensitive', 'attribute'])
  const attributes = typeof given.attribute === 'string' ? split(given.attribute, ',', -1, budget) : [given.attribute]
  const isExact = isTrue(given.case_sensitive ?? false)
  const keys = attributes.map((attribute) => withCase(getter(attribute, budget), isExact, budget))
  return sortBy(iterate(value, budget), keys, isTrue(given.reverse ?? false), budget)
}

const withCase =
  (get: Getter, isExact: boolean, budget: Budget): Getter =>
  (item) =>
    isExact ? get(item) : caseless(get(item), budget)

const dictsort: Filter = (value, args, { budget }) => {
  const given = match('dictsort', args, ['case_sensitive', 'by', 'reverse'])
  const by = asText('dictsort', given.by, 'key')
  if (by !== 'key' && by !== 'value') throw new TemplateFault('You can only sort by either "key" or "value"')
  if (!isDict(value)) throw fault('dictsort', 'a dictionary', value)
  const at = by === 'key' ? 0 : 1
  const key = withCase((pair) => (pair as Tuple).items[at]!, isTrue(given.case_sensitive ?? false), budget)
  return sortBy(viewOf(value, 'dict_items', budget).items, [key], isTrue(given.reverse ?? false), budget)
}

const fault = (filter: string, wanted: string, value: Value): TemplateFault =>
  new TemplateFault(value instanceof Undefined ? value.why : told`${filter}: expected ${wanted}`)

const rest = ({ positional, named }: Arguments, from: number): Arguments => ({
  positional: positional.slice(from),
  named,
})

const map: Filter = (value, args, filtering) =>
  new Iteration(() => {
    if (!isTrue(value)) return []
    const { budget } = filtering
    const items = iterate(value, budget)
    budget.elements(items.length)
    const [name] = args.positional
    if (name !== undefined) return items.map((item) => filtering.filter(asText('map', name), item, rest(args, 1)))
    const given = match('map', args, ['attribute', 'default'])
    return items.map(getter(required('map', 'attribute', given.attribute), budget, given.default))
  })

const selecting =
  (name: string, byAttribute: boolean, keeps: boolean): Filter =>
  (value, args, filtering) =>
    new Iteration(() => {
      if (!isTrue(value)) return []
      const { budget } = filtering
      const at = byAttribute ? 1 : 0
      const get = byAttribute ? getter(required(name, 'attribute', args.positional[0]), budget) : (item: Value) => item
      const test = args.positional[at]
      const holds = (item: Value) =>
        test === undefined ? isTrue(get(item)) : filtering.test(asText(name, test), get(item), rest(args, at + 1))
      const items = iterate(value, budget)
      budget.elements(items.length)
      return items.filter((item) => holds(item) === keeps)
    })

const join: Filter = (value, args, { budget }) => {
  const { d = '', attribute } = match('join', args, ['d', 'attribute'])
  const separator = valueText(d, budget)
  const get = getter(attribute, budget)
  let size = 0
  const texts = iterate(value, budget).map((item) => {
    const text = valueText(get(item), budget)
    size += text.length + separator.length
    return text
  })
  budget.characters(size)
  return texts.join(separator)
}

const unique: Filter = (value, args, { budget }) => {
  const given = match('unique', args, ['case_sensitive', 'attribute'])
  const key = withCase(getter(given.attribute, budget), isTrue(given.case_sensitive ?? false), budget)
  return new Iteration(() => {
    const seen: Value[] = []
    return iterate(value, budget).filter((item) => {
      const own = key(item)
      if (seen.some((other) => isEqual(own, other, budget))) return false
      budget.elements(1)
      seen.push(own)
      return true
    })
  })
}

const groupby: Filter = (value, args, { budget }) => {
  const given = match('groupby', args, ['attribute', 'default', 'case_sensitive'])
  const get = getter(required('groupby', 'attribute', given.attribute), budget, given.default)
  const key = withCase(get, isTrue(given.case_sensitive ?? false), budget)
  const groups: { readonly key: Value; readonly items: Value[] }[] = []
  const items = iterate(value, budget)
  // Undefined keys have no order.
  if (items.length > 1) for (const item of items) defined(key(item))
  for (const item of sortBy(items, [key], false, budget)) {
    const last = groups.at(-1)
    if (last !== undefined && isEqual(key(item), last.key, budget)) last.items.push(item)
    else groups.push({ key: key(item), items: [item] })
  }
  return groups.map(({ items: group }) => new Tuple([get(group[0]!), group]))
}

const extreme =
  (name: string, sign: number): Filter =>
  (value, args, { budget }) => {
    const given = match(name, args, ['case_sensitive', 'attribute'])
    const key = withCase(getter(given.attribute, budget), isTrue(given.case_sensitive ?? false), budget)
    const items = iterate(value, budget)
    const best = items.slice(1).reduce<Value | undefined>((sofar, item) => {
      return sofar !== undefined && sign * compare(key(item), key(sofar), budget) > 0 ? item : sofar
    }, items[0])
    return either(best, new Undefined('No aggregated item, sequence was empty.'))
  }

const batch: Filter = (value, args, { budget }) => {
  const { linecount, fill_with: fill = null } = match('batch', args, ['linecount', 'fill_with'])
  const size = asInteger('batch', required('batch', 'linecount', linecount))
  const items = iterate(value, budget)
  budget.elements(items.length + Math.max(0, size))
  const batches: Value[][] = []
  for (let at = 0; at < items.length; at += Math.max(1, size)) batches.push(items.slice(at, at + Math.max(1, size)))
  const last = batches.at(-1)
  if (fill !== null && last !== undefined) while (last.length < size) last.push(fill)
  return new Iteration(() => batches)
}

const sliced: Filter = (value, args, { budget }) => {
  const { slices, fill_with: fill = null } = match('slice', args, ['slices', 'fill_with'])
  const count = asInteger('slice', required('slice', 'slices', slices))
  const items = iterate(value, budget)
  if (count < 1) throw new TemplateFault(told`slice: expected at least 1 slice, found ${count}`)
  budget.elements(items.length + count)
  const size = Math.floor(items.length / count)
  const longer = items.length % count
  const parts = Array.from({ length: count }, (_, i) => {
    const begin = i * size + Math.min(i, longer)
    const part = items.slice(begin, begin + size + (i < longer ? 1 : 0))
    if (fill !== null && i >= longer) part.push(fill)
    return part
  })
  return new Iteration(() => parts)
}

const reverse: Filter = (value, _args, { budget }) => {
  const items = [...iterate(value, budget)]
  budget.elements(items.length)
  items.reverse()
  if (typeof value === 'string') return items.join('')
  return new Iteration(() => items)
}

const sum: Filter = (value, args, { budget }) => {
  const { attribute, start = 0n } = match('sum', args, ['attribute', 'start'])
  const get = getter(attribute, budget)
  return iterate(value, budget).reduce<Value>((total, item) => binary('+', total, get(item), budget), start)
}

function last(value: Value, budget: Budget): Value {
  const items =
    typeof value === 'string' || isDict(value) || value instanceof Undefined
      ? iterate(value, budget)
      : countedItems(value)
  if (items === undefined) throw fault('last', 'a sequence', value)
  return either(items.at(-1), new Undefined('No last item, sequence was empty.'))
}

export const SEQUENCE_FILTERS: Readonly<Record<string, Filter>> = {
  batch,
  dictsort,
  first: (value, _args, { budget }) => {
    const [character] = typeof value === 'string' ? value : ''
    return either(character ?? iterate(value, budget)[0], new Undefined('No first item, sequence was empty.'))
  },
  groupby,
  items: (value, _args, { budget }) =>
    new Iteration(() => {
      if (value instanceof Undefined) return []
      if (!isDict(value)) throw new TemplateFault('Can only get item pairs from a mapping.')
      return viewOf(value, 'dict_items', budget).items
    }),
  join,
  last: (value, _args, { budget }) => last(value, budget),
  list: (value, _args, { budget }) => {
    const items = iterate(value, budget)
    budget.elements(items.length)
    return [...items]
  },
  map,
  max: extreme('max', 1),
  min: extreme('min', -1),
  reject: selecting('reject', false, false),
  rejectattr: selecting('rejectattr', true, false),
  reverse,
  select: selecting('select', false, true),
  selectattr: selecting('selectattr', true, true),
  slice: sliced,
  sort,
  sum,
  unique,
}
