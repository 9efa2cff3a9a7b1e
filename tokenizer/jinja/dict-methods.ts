// The methods of Python's dictionaries.
import { type Method, type Methods, match, required } from './arguments.ts'
import type { Budget } from './budget.ts'
import { copyDict, iterate, lookUp, sameKey, viewOf } from './comparison.ts'
import { represent } from './text.ts'
import {
  type Arguments,
  asKey,
  type Dict,
  either,
  isDict,
  TemplateFault,
  Tuple,
  told,
  Undefined,
  type Value,
  type View,
} from './values.ts'

const view =
  (name: string, kind: View['name']): Method<Dict> =>
  (self, args, budget) => {
    match(name, args, [])
    return viewOf(self, kind, budget)
  }

const keyed = (name: string, args: Arguments): readonly [key: Value, fallback: Value | undefined] => {
  const { key, default: fallback } = match(name, args, ['key', 'default'])
  return [required(name, 'key', key), fallback]
}

const find = (self: Dict, key: Value, budget: Budget): Value | undefined =>
  key instanceof Undefined ? undefined : lookUp(self, asKey(key), budget)

const pop: Method<Dict> = (self, args, budget) => {
  const [key, fallback] = keyed('pop', args)
  const value = find(self, key, budget)
  if (value === undefined) {
    if (fallback === undefined) throw new TemplateFault(told`expected a key ${represent(key, budget)}, found none`)
    return fallback
  }
  self.delete(sameKey(self, asKey(key), budget))
  return value
}

/** The entries that `dict(...)` or `update(...)` is given. */
export function entriesOf(callee: string, args: Arguments, budget: Budget): Dict {
  const [source] = args.positional
  if (args.positional.length > 1) throw new TemplateFault(told`${callee}: expected at most 1 argument, found more`)
  budget.entries(args.named.size)
  const entries: Dict = source !== undefined && isDict(source) ? copyDict(source, budget) : new Map()
  if (source !== undefined && !isDict(source)) {
    for (const pair of iterate(source, budget)) {
      budget.entries(1)
      const [key, value, more] = iterate(pair, budget)
      if (key === undefined || value === undefined || more !== undefined) {
        throw new TemplateFault(told`${callee}: expected pairs of a key and a value`)
      }
      entries.set(sameKey(entries, asKey(key), budget), value)
    }
  }
  for (const [key, value] of args.named) entries.set(key, value)
  return entries
}

export const DICT_METHODS: Methods<Dict> = {
  clear: (self, _args, budget) => {
    budget.walk(self.size)
    self.clear()
    return null
  },
  copy: (self, _args, budget) => copyDict(self, budget),
  get: (self, args, budget) => {
    const [key, fallback = null] = keyed('get', args)
    return either(find(self, key, budget), fallback)
  },
  items: view('items', 'dict_items'),
  keys: view('keys', 'dict_keys'),
  pop,
  popitem: (self, _args, budget) => {
    budget.elements(self.size)
    const last = [...self].at(-1)
    if (last === undefined) throw new TemplateFault('popitem(): dictionary is empty')
    self.delete(last[0])
    return new Tuple(last)
  },
  setdefault: (self, args, budget) => {
    const [key, fallback = null] = keyed('setdefault', args)
    const value = find(self, key, budget)
    if (value !== undefined) return value
    budget.entries(1)
    self.set(asKey(key), fallback)
    return fallback
  },
  update: (self, args, budget) => {
    for (const [key, value] of entriesOf('update', args, budget)) {
      budget.entries(1)
      self.set(sameKey(self, key, budget), value)
    }
    return null
  },
  values: view('values', 'dict_values'),
}

/** They cost the same for a dictionary of any size, or charge by themselves what they pass over. */
export const UNSIZED_DICT_METHODS: ReadonlySet<string> = new Set(['get', 'pop', 'setdefault'])
