// Regular expressions of ECMAScript (with the flag u, and what is usual without it) as trees. Pure.
import { type CharSet, charSet, complement } from './char-set.ts'
import { classEscape, SEPARATORS } from './class-escapes.ts'

export type Pattern =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence' | 'any'; readonly of: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly body: Pattern; readonly least: number; readonly most: number }
  /** The beginning or the end of the text. */
  | { readonly kind: 'begin' | 'end' }
  /** What follows is, or is not, begun by the body. */
  | { readonly kind: 'ahead'; readonly body: Pattern; readonly isNegated: boolean }

/** What a pattern has that no automaton holds, or that is no pattern. */
export class PatternFault extends Error {
  static readonly expected = 'what an automaton can hold'
}

const NEWLINES: CharSet = charSet([[0x0a, 0x0a], [0x0d, 0x0d], SEPARATORS])
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b, f: 0x0c, '0': 0 }
const GROUP_LEVELS_MAX = 200

export function parsePattern(source: string): Pattern {
  try {
    new RegExp(source, 'u')
  } catch {
    try {
      new RegExp(source)
    } catch {
      throw new PatternFault('a text that is no regular expression')
    }
  }
  return new PatternParser(source).parse()
}

class PatternParser {
  readonly #characters: readonly string[]
  #at = 0
  #level = 0

  constructor(source: string) {
    this.#characters = Array.from(source)
  }

  parse(): Pattern {
    const pattern = this.#alternatives()
    if (this.#at < this.#characters.length) throw new PatternFault(`"${this.#next}" without its partner`)
    return pattern
  }

  get #next(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(text: string): boolean {
    const parts = Array.from(text)
    if (parts.some((part, i) => this.#characters[this.#at + i] !== part)) return false
    this.#at += parts.length
    return true
  }

  #alternatives(): Pattern {
    if (++this.#level > GROUP_LEVELS_MAX) throw new PatternFault(`more than ${GROUP_LEVELS_MAX} groups in each other`)
    const of = [this.#sequence()]
    while (this.#take('|')) of.push(this.#sequence())
    this.#level--
    return of.length === 1 ? of[0]! : { kind: 'any', of }
  }

  #sequence(): Pattern {
    const of: Pattern[] = []
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') of.push(this.#repeated(this.#atom()))
    return of.length === 1 ? of[0]! : { kind: 'sequence', of }
  }

  #repeated(body: Pattern): Pattern {
    const count = this.#count()
    if (count === undefined) return body
    // A lazy repetition accepts the same texts.
    this.#take('?')
    return { kind: 'repeat', body, least: count[0], most: count[1] }
  }

  #count(): readonly [least: number, most: number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    if (this.#next !== '{') return undefined
    const rest = this.#characters.slice(this.#at, this.#at + 40).join('')
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(rest)
    if (!found) return undefined
    this.#at += found[0].length
    const least = Number(found[1])
    return [least, found[3] ? Number(found[3]) : found[2] ? Number.POSITIVE_INFINITY : least]
  }

  #atom(): Pattern {
    if (this.#take('^')) return { kind: 'begin' }
    if (this.#take('$')) return { kind: 'end' }
    if (this.#take('.')) return { kind: 'set', set: complement(NEWLINES) }
    if (this.#take('(')) return this.#group()
    if (this.#take('[')) return { kind: 'set', set: this.#class() }
    if (this.#take('\\')) {
      if (/[bB]/.test(this.#next ?? '')) throw new PatternFault(`\\${this.#next}`)
      if (/[1-9k]/.test(this.#next ?? '')) throw new PatternFault('a reference to a group')
      return { kind: 'set', set: this.#escape() }
    }
    return { kind: 'set', set: one(this.#characters[this.#at++]!) }
  }

  #group(): Pattern {
    const kind = ['?:', '?=', '?!'].find((start) => this.#take(start))
    if (kind === undefined && this.#next === '?') {
      if (this.#take('?<=') || this.#take('?<!')) throw new PatternFault('a look behind')
      if (!this.#take('?<')) throw new PatternFault('a group with flags')
      while (this.#next !== undefined && !this.#take('>')) this.#at++
    }
    const body = this.#alternatives()
    if (!this.#take(')')) throw new PatternFault('a group without its end')
    return kind === '?=' || kind === '?!' ? { kind: 'ahead', body, isNegated: kind === '?!' } : body
  }

  /** After the bracket. */
  #class(): CharSet {
    const isNegated = this.#take('^')
    const parts: CharSet[] = []
    while (!this.#take(']')) {
      const first = this.#classAtom()
      const isRange = this.#next === '-' && this.#characters[this.#at + 1] !== ']' && isOne(first)
      if (!isRange) {
        parts.push(first)
        continue
      }
      this.#at++
      const last = this.#classAtom()
      // Without the flag u, a class beside a hyphen makes it a hyphen.
      if (isOne(last)) parts.push(charSet([[first[0]![0], last[0]![0]]]))
      else parts.push(first, one('-'), last)
    }
    const set = charSet(parts.flat())
    return isNegated ? complement(set) : set
  }

  #classAtom(): CharSet {
    if (this.#next === undefined) throw new PatternFault('a class without its end')
    if (!this.#take('\\')) return one(this.#characters[this.#at++]!)
    return this.#take('b') ? charSet([[8, 8]]) : this.#escape()
  }

  /** After the backslash. */
  #escape(): CharSet {
    const letter = this.#characters[this.#at++]
    if (letter === undefined) throw new PatternFault('a backslash at the end')
    if (/[dDwWsSpP]/.test(letter)) return this.#classEscape(letter)
    if (letter === 'c' && /[a-zA-Z]/.test(this.#next ?? '')) {
      const code = this.#characters[this.#at++]!.codePointAt(0)! & 0x1f
      return charSet([[code, code]])
    }
    if (letter === 'x') return this.#coded(2) ?? one('x')
    if (letter === 'u') return this.#unicode()
    const control = CONTROLS[letter]
    return control === undefined ? one(letter) : charSet([[control, control]])
  }

  #classEscape(letter: string): CharSet {
    if (!/[pP]/.test(letter) || this.#next !== '{') return classEscape(`\\${letter}`)
    const end = this.#characters.indexOf('}', this.#at)
    const name = this.#characters.slice(this.#at, end + 1).join('')
    this.#at = end + 1
    return classEscape(`\\${letter}${name}`)
  }

  #unicode(): CharSet {
    if (this.#next === '{') {
      const end = this.#characters.indexOf('}', this.#at)
      const code = Number.parseInt(this.#characters.slice(this.#at + 1, end).join(''), 16)
      this.#at = end + 1
      return charSet([[code, code]])
    }
    return this.#coded(4) ?? one('u')
  }

  #coded(digits: number): CharSet | undefined {
    const text = this.#characters.slice(this.#at, this.#at + digits).join('')
    if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(text)) return undefined
    this.#at += digits
    const code = Number.parseInt(text, 16)
    const isHigh = code >= 0xd800 && code < 0xdc00
    const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})$/.exec(this.#characters.slice(this.#at, this.#at + 6).join(''))
    if (!isHigh || !low) return charSet([[code, code]])
    this.#at += 6
    const whole = 0x10000 + ((code - 0xd800) << 10) + (Number.parseInt(low[1]!, 16) - 0xdc00)
    return charSet([[whole, whole]])
  }
}

const one = (character: string): CharSet => {
  const code = character.codePointAt(0)!
  return charSet([[code, code]])
}

const isOne = (set: CharSet): boolean => set.length === 1 && set[0]![0] === set[0]![1]
