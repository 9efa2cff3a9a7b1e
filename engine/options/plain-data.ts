// Values of a caller as JSON has them, copied: what crosses to another thread or is compiled is neither code of the
// caller's nor changed behind our back. Bounded, because an object may contain itself, or another one many times. Pure.
import { TsinferError } from '../errors.ts'
import type { Kind } from './kinds.ts'
import { inside, memberPart, refused, type Site } from './refusal.ts'

const JSON_VALUES = 'values that JSON has'
/** What a value counts for beside the characters of a text. */
const VALUE_SIZE = 16
/** A bigint of more bits is no number that anybody writes. */
const DATA_BIGINT_BITS_MAX = 1024

interface DataLimits {
  /** Characters of all texts and names, with 16 for every value. */
  readonly size: number
  readonly nesting: number
  /** Only what JSON can write: no bigints, no infinities. */
  readonly isStrict?: boolean
}

/** Values that JSON has, and besides it bigints; members without a value are left out. */
export const plainData = (limits: DataLimits): Kind<unknown> => ({
  expected: JSON_VALUES,
  read: (value, site) => new PlainCopy(limits).of(value, site, 0),
})

/** Buffers and boxed texts have a name per element, which would be listed before they can be counted. */
const hasManyNames = (value: object): boolean =>
  ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object String]'

class PlainCopy {
  readonly #limits: DataLimits
  #sizeLeft: number

  constructor(limits: DataLimits) {
    this.#limits = limits
    this.#sizeLeft = limits.size
  }

  of(value: unknown, site: Site, depth: number): unknown {
    this.#take(VALUE_SIZE + (typeof value === 'string' ? value.length : 0), site)
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        if (this.#limits.isStrict && !Number.isFinite(value)) throw refused(site, JSON_VALUES, value)
        return value
      case 'bigint':
        if (this.#limits.isStrict) throw refused(site, JSON_VALUES, value)
        if (BigInt.asIntN(DATA_BIGINT_BITS_MAX, value) !== value) throw refused(site, 'a number', value)
        return value
    }
    if (value === null) return null
    const { nesting } = this.#limits
    if (depth > nesting) throw tooMuch(site, `at most ${nesting} levels`)
    if (Array.isArray(value)) return this.#list(value, site, depth)
    if (typeof value !== 'object' || hasManyNames(value)) throw refused(site, JSON_VALUES, value)
    const members: [string, unknown][] = []
    for (const name of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[name]
      if (member === undefined) continue
      this.#take(name.length, site)
      members.push([name, this.of(member, inside(site, memberPart(name)), depth + 1)])
    }
    return Object.fromEntries(members)
  }

  #list(values: readonly unknown[], site: Site, depth: number): unknown[] {
    const { length } = values
    if (!(length * VALUE_SIZE <= this.#sizeLeft)) throw tooMuch(site, `a size of at most ${this.#limits.size}`)
    const copy: unknown[] = []
    for (let i = 0; i < length; i++) copy.push(this.of(values[i] ?? null, inside(site, `[${i}]`), depth + 1))
    return copy
  }

  #take(size: number, site: Site): void {
    this.#sizeLeft -= size
    if (this.#sizeLeft < 0) throw tooMuch(site, `a size of at most ${this.#limits.size}`)
  }
}

/** Of a whole value, whatever part was too much. */
function tooMuch({ name, code }: Site, expected: string): TsinferError {
  return new TsinferError(code, `${name.split(/[.[]/, 1)[0]}: expected ${expected}, found more`)
}
