// The methods of Python's lists and tuples. Templates may change lists: the goldens of Hugging Face's models do.
import { asInteger, type Method, type Methods, match, required } from './arguments.ts'
import type { Budget } from './budget.ts'
import { compare, isEqual, iterate } from './comparison.ts'
import { type Arguments, isTrue, TemplateFault, type Tuple, type Value } from './values.ts'

const one = (name: string, args: Arguments): Value => required(name, 'value', match(name, args, ['value']).value)

function indexOf(items: readonly Value[], args: Arguments, budget: Budget): bigint {
  const value = one('index', args)
  const at = items.findIndex((item) => isEqual(item, value, budget))
  if (at < 0) throw new TemplateFault('expected an element to find, found none like it')
  return BigInt(at)
}

const count = (items: readonly Value[], args: Arguments, budget: Budget): bigint => {
  const value = one('count', args)
  return items.reduce<bigint>((sum, item) => (isEqual(item, value, budget) ? sum + 1n : sum), 0n)
}

const pop: Method<Value[]> = (self, args, budget) => {
  const at = asInteger('pop', match('pop', args, ['index']).index, -1)
  // What lies behind the element moves up.
  budget.walk(Math.min(self.length, at < 0 ? -at : Math.max(0, self.length - at)))
  const [value] = at < -self.length || self.length === 0 ? [] : self.splice(at, 1)
  if (value === undefined) throw new TemplateFault('pop index out of range')
  return value
}

const sort: Method<Value[]> = (self, args, budget) => {
  const { reverse } = match('sort', args, ['reverse'])
  const sign = isTrue(reverse ?? false) ? -1 : 1
  budget.elements(self.length)
  self.sort((a, b) => sign * compare(a, b, budget))
  return null
}

export const LIST_METHODS: Methods<Value[]> = {
  append: (self, args, budget) => {
    budget.elements(1)
    self.push(one('append', args))
    return null
  },
  clear: (self, _args, budget) => {
    budget.walk(self.length)
    self.length = 0
    return null
  },
  copy: (self, _args, budget) => {
    budget.elements(self.length)
    return [...self]
  },
  count,
  extend: (self, args, budget) => {
    const items = iterate(one('extend', args), budget)
    budget.elements(items.length)
    for (const item of [...items]) self.push(item)
    return null
  },
  index: indexOf,
  insert: (self, args, budget) => {
    const { index, value } = match('insert', args, ['index', 'value'])
    budget.elements(1)
    budget.walk(self.length)
    self.splice(asInteger('insert', required('insert', 'index', index)), 0, required('insert', 'value', value))
    return null
  },
  pop,
  remove: (self, args, budget) => {
    budget.walk(self.length)
    self.splice(Number(indexOf(self, args, budget)), 1)
    return null
  },
  reverse: (self, _args, budget) => {
    budget.walk(self.length)
    self.reverse()
    return null
  },
  sort,
}

export const TUPLE_METHODS: Methods<Tuple> = {
  count: (self, args, budget) => count(self.items, args, budget),
  index: (self, args, budget) => indexOf(self.items, args, budget),
}

/** They cost the same for a list of any length, or charge by themselves what they move. */
export const UNSIZED_LIST_METHODS: ReadonlySet<string> = new Set(['append', 'insert', 'pop'])
