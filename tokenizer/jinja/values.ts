// What a template computes with: Python's values, since templates are written for Jinja2 on Python. Integers are bigint
// and floats number, so that 1 and 1.0 stay apart; lists are arrays and dictionaries Maps, both mutable as in Python.

/** Why a template cannot go on; `chat-template.ts` turns it into the library's error. */
export class TemplateFault extends Error {}

/** Characters of one piece of a template, or of what it computes with, in a message. */
const PIECE_MAX = 80

/** A sentence about pieces of a template, which may be of any length: what does not fit of one is left out. */
export function told(sentence: TemplateStringsArray, ...pieces: readonly unknown[]): string {
  const shown = pieces.map((piece) => {
    const text = String(piece)
    return text.length > PIECE_MAX ? `${text.slice(0, PIECE_MAX - 1)}…` : text
  })
  return String.raw({ raw: sentence }, ...shown)
}

/** The template itself said no, by `raise_exception`. */
export class Refusal extends TemplateFault {}

/** A value that is not there. It prints as nothing and is false; most operations on it fail with `why`. */
export class Undefined {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

export class Tuple {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    this.items = items
  }
}

export class Range {
  readonly items: readonly bigint[]
  /** As Python prints it. */
  readonly shown: string
  constructor(items: readonly bigint[], shown: string) {
    this.items = items
    this.shown = shown
  }
}

/** `dict.items()` and its like: can be iterated and counted, but not indexed. */
export class View {
  readonly name: 'dict_items' | 'dict_keys' | 'dict_values'
  readonly items: readonly Value[]
  constructor(name: View['name'], items: readonly Value[]) {
    this.name = name
    this.items = items
  }
}

/**
 * What filters such as `map` give: made when it is read, empty after that; true and without length whatever it holds.
 */
export class Iteration {
  #make: (() => readonly Value[]) | undefined
  constructor(make: () => readonly Value[]) {
    this.#make = make
  }
  take(): readonly Value[] {
    const items = this.#make?.() ?? []
    this.#make = undefined
    return items
  }
}

export type Dict = Map<Key, Value>
export type Key = string | bigint | number | boolean | null

export class Namespace {
  readonly fields: Map<string, Value>
  constructor(fields: Map<string, Value>) {
    this.fields = fields
  }
}

/** The arguments of a call. */
export interface Arguments {
  readonly positional: readonly Value[]
  readonly named: ReadonlyMap<string, Value>
}

export class Callable {
  readonly name: string
  readonly call: (args: Arguments) => Value
  constructor(name: string, call: (args: Arguments) => Value) {
    this.name = name
    this.call = call
  }
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Undefined
  | Value[]
  | Tuple
  | Range
  | View
  | Iteration
  | Dict
  | Namespace
  | Callable

export const isDict = (value: Value): value is Dict => value instanceof Map

/** Python's name of a value's type, for messages. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'string':
      return 'str'
    default:
      break
  }
  if (Array.isArray(value)) return 'list'
  if (isDict(value)) return 'dict'
  if (value instanceof View) return value.name
  if (value instanceof Iteration) return 'generator'
  if (value instanceof Callable) return 'function'
  return value.constructor.name.toLowerCase()
}

/** Whether Python would count the value as true. */
export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false
  switch (typeof value) {
    case 'boolean':
      return value
    case 'bigint':
      return value !== 0n
    case 'number':
      return value !== 0
    case 'string':
      return value !== ''
    default:
      break
  }
  const items = countedItems(value)
  if (items !== undefined) return items.length > 0
  return isDict(value) ? value.size > 0 : true
}

/** The elements of lists, tuples, ranges and views. */
export function countedItems(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple || value instanceof Range || value instanceof View) return value.items
  return undefined
}

/** Lists, tuples and ranges: what can be indexed by position, besides strings. */
export function indexedItems(value: Value): readonly Value[] | undefined {
  return value instanceof View ? undefined : countedItems(value)
}

/** The numbers among the values; booleans count as 0 and 1. */
export function asNumber(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return typeof value === 'boolean' ? BigInt(value) : undefined
}

/** Bits of an integer, rounded up to whole digits. */
export const bitsOf = (value: bigint): number => value.toString(16).length * 4

/** A key for a dictionary. Throws for what Python cannot hash. */
export function asKey(value: Value): Key {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value
  throw new TemplateFault(told`unhashable type: '${typeName(value)}'`)
}

/** The first value that is there. None is one, so `??` does not do. */
export const either = (value: Value | undefined, other: Value): Value => (value === undefined ? other : value)

/** Fails when the value is undefined, as most operations of Python do. */
export function defined(value: Value): Exclude<Value, Undefined> {
  if (value instanceof Undefined) throw new TemplateFault(value.why)
  return value
}
