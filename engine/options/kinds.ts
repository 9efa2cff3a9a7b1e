// Kinds of values that an option may have. A kind says what it takes, in the words of messages and of the command line's
// help, and reads a value of a caller: the result is plain data of our own, so that nothing of the caller's is looked at
// twice. Reading allocates no more than what it accepts. Pure.
import { inside, refused, type Site } from './refusal.ts'

export interface Kind<Value> {
  /** `an integer from 1 to 64`. */
  readonly expected: string
  /** Throws with the site's code for a value of another kind or out of range; what the value itself throws goes through. */
  read(value: unknown, site: Site): Value
}

/** A kind that a text of a command line can have. */
export interface NumberKind extends Kind<number> {
  readonly type: 'integer' | 'number'
  /** Bounds, both of them possible values; absent: as far as numbers go. */
  readonly least?: number
  readonly most?: number
  /** A bound that is no possible value itself. */
  readonly above?: number
}
export interface ChoiceKind<Word extends string> extends Kind<Word> {
  readonly type: 'choice'
  readonly words: readonly Word[]
}
export interface FlagKind extends Kind<boolean> {
  readonly type: 'flag'
}
export interface TextKind extends Kind<string> {
  readonly type: 'text'
}

/** A kind of values that are taken as they are. */
function simple<Value, Type extends string>(
  type: Type,
  expected: string,
  holds: (value: unknown) => boolean,
): Kind<Value> & { readonly type: Type } {
  return {
    type,
    expected,
    read(value, site) {
      if (!holds(value)) throw refused(site, expected, value)
      return value as Value
    },
  }
}

/** Integers that a float64 holds exactly, both bounds included. */
export function integer(least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): NumberKind {
  const bounds = {
    ...(least > Number.MIN_SAFE_INTEGER && { least }),
    ...(most < Number.MAX_SAFE_INTEGER && { most }),
  }
  const holds = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
  return { ...simple<number, 'integer'>('integer', `an integer${range(bounds)}`, holds), ...bounds }
}

/** Finite numbers within bounds. */
export function number(bounds: Pick<NumberKind, 'least' | 'most' | 'above'> = {}): NumberKind {
  const { least = -Infinity, most = Infinity, above = -Infinity } = bounds
  const holds = (value: unknown) =>
    typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most && value > above
  const expected = range(bounds) === '' ? 'a finite number' : `a number${range(bounds)}`
  return { ...simple<number, 'number'>('number', expected, holds), ...bounds }
}

/** Bounds in words, with a space before them. */
export function range({ least, most, above }: Pick<NumberKind, 'least' | 'most' | 'above'>): string {
  const [from, to] = [least ?? above, most]
  if (from === undefined) return to === undefined ? '' : ` of at most ${to}`
  if (to !== undefined) return least === undefined ? ` above ${from}, at most ${to}` : ` from ${from} to ${to}`
  return least === undefined ? ` above ${from}` : ` of at least ${from}`
}

export const flag: FlagKind = simple<boolean, 'flag'>('flag', 'true or false', (value) => typeof value === 'boolean')

export const oneOf = <const Word extends string>(...words: readonly Word[]): ChoiceKind<Word> => ({
  ...simple<Word, 'choice'>('choice', `one of ${words.join(', ')}`, (value) => words.includes(value as Word)),
  words,
})

export const text: TextKind = simple<string, 'text'>('text', 'a text', (value) => typeof value === 'string')

/** A text that names something: not empty, and no longer than `most` characters. */
export const name = (most: number): Kind<string> & { readonly type: 'text' } =>
  simple<string, 'text'>(
    'text',
    `a text of 1 to ${most} characters`,
    (value) => typeof value === 'string' && value.length >= 1 && value.length <= most,
  )

/** A function of the caller's, called with what its type says. */
export const callback = <Callback extends (...values: never[]) => unknown>(): Kind<Callback> =>
  simple<Callback, 'callback'>('callback', 'a function', (value) => typeof value === 'function')

/** Signals of this or another realm: reading one tells whether it works. */
export const signal: Kind<AbortSignal> = simple<AbortSignal, 'signal'>('signal', 'an AbortSignal', (value) => {
  if (typeof value !== 'object' || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Record<string, unknown>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
})

/** A list, or typed array, of at most `most` values of a kind. */
export function list<Value>(kind: Kind<Value>, most: number, things: string): Kind<readonly Value[]> {
  const expected = `a list of at most ${most} ${things}`
  return {
    expected,
    read(value, site) {
      const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView)
      if (!Array.isArray(value) && !isTyped) throw refused(site, expected, value)
      const given = value as ArrayLike<unknown>
      const { length } = given
      if (!(length <= most)) throw refused(inside(site, '.length'), `at most ${most}`, length)
      const values: Value[] = []
      for (let i = 0; i < length; i++) values.push(kind.read(given[i], inside(site, `[${i}]`)))
      return values
    },
  }
}

/** Whether a value holds options or members by name: no list, no boxed text, no buffer, no Map, no Date. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]'
