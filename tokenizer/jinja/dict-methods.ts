// The methods of Python's dictionaries.
import { type Method, type Methods, match, required } from './arguments.ts'
import type { Budget } from './budget.ts'
import { iterate, lookUp, sameKey, viewOf } from './comparison.ts'
import { represent } from './text.ts'
import {
  type Arguments,
  asKey,
  type Dict,
  either,
  isDict,
  TemplateFault,
  Tuple,
  Undefined,
  type Value,
  type View,
} from './values.ts'

const view =
  (name: string, kind: View['name']): Method<Dict> =>
  (self, args, budget) => {
    match(name, args, [])
    budget.elements(self.size)
    return viewOf(self, kind)
  }

const keyed = (name: string, args: Arguments): readonly [key: Value, fallback: Value | undefined] => {
  const { key, default: fallback } = match(name, args, ['key', 'default'])
  return [required(name, 'key', key), fallback]
}

const find = (self: Dict, key: Value): Value | undefined =>
  key instanceof Undefined ? undefined : lookUp(self, asKey(key))

const pop: Method<Dict> = (self, args, budget) => {
  const [key, fallback] = keyed('pop', args)
  const value = find(self, key)
  if (value === undefined) {
    if (fallback === undefined) throw new TemplateFault(`expected a key ${represent(key, budget)}, found none`)
    return fallback
  }
  self.delete(sameKey(self, asKey(key)))
  return value
}

/** The entries that `dict(...)` or `update(...)` is given. */
export function entriesOf(callee: string, args: Arguments, budget: Budget): Dict {
  const [source] = args.positional
  if (args.positional.length > 1) throw new TemplateFault(`${callee}: expected at most 1 argument, found more`)
  const entries: Dict = new Map(source !== undefined && isDict(source) ? source : [])
  budget.elements(entries.size + args.named.size)
  if (source !== undefined && !isDict(source)) {
    for (const pair of iterate(source, budget)) {
      const [key, value, more] = iterate(pair, budget)
      if (key === undefined || value === undefined || more !== undefined) {
        throw new TemplateFault(`${callee}: expected pairs of a key and a value`)
      }
      entries.set(sameKey(entries, asKey(key)), value)
    }
  }
  for (const [key, value] of args.named) entries.set(key, value)
  return entries
}

export const DICT_METHODS: Methods<Dict> = {
  clear: (self) => {
    self.clear()
    return null
  },
  copy: (self, _args, budget) => {
    budget.elements(self.size)
    return new Map(self)
  },
  get: (self, args) => {
    const [key, fallback = null] = keyed('get', args)
    return either(find(self, key), fallback)
  },
  items: view('items', 'dict_items'),
  keys: view('keys', 'dict_keys'),
  pop,
  popitem: (self) => {
    const last = [...self].at(-1)
    if (last === undefined) throw new TemplateFault('popitem(): dictionary is empty')
    self.delete(last[0])
    return new Tuple(last)
  },
  setdefault: (self, args) => {
    const [key, fallback = null] = keyed('setdefault', args)
    const value = find(self, key)
    if (value !== undefined) return value
    self.set(asKey(key), fallback)
    return fallback
  },
  update: (self, args, budget) => {
    for (const [key, value] of entriesOf('update', args, budget)) self.set(sameKey(self, key), value)
    return null
  },
  values: view('values', 'dict_values'),
}
