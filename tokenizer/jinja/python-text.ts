// Python's string operations where JavaScript's differ: positions count characters, not UTF-16 units, and white space
// is another set. Each asks the budget before it looks at a text.
import type { Budget } from './budget.ts'
import { Needle } from './search.ts'
import { TemplateFault } from './values.ts'

/** What `str.isspace` accepts. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const SPACE_PATTERN: RegExp = new RegExp(`[${SPACE}]`)
const SPACE_CODES: ReadonlySet<number> = new Set(
  Array.from({ length: 0x3001 }, (_, code) => code).filter((code) => SPACE_PATTERN.test(String.fromCharCode(code))),
)
const WORDS = new RegExp(`[^${SPACE}]+`, 'g')
/** ASCII's separators of files, groups and records. */
const SEPARATORS = '\\x1c-\\x1e'
const LINE_END = new RegExp(`\\r\\n|[\\n\\r\\v\\f${SEPARATORS}\\x85\\u2028\\u2029]`, 'g')
const SURROGATES = /[\ud800-\udfff]/

/** Matches of a pattern, one by one: each costs a step before the next is looked for. */
export function* matches(pattern: RegExp, text: string, budget: Budget): Generator<RegExpExecArray> {
  budget.look(text.length)
  const own = new RegExp(pattern)
  for (let match = own.exec(text); match !== null; match = own.exec(text)) {
    budget.spend()
    if (match[0] === '') own.lastIndex++
    yield match
  }
}

/** As `String.replace` with a function, which is called as soon as its match is found. */
export function replaceMatches(
  text: string,
  pattern: RegExp,
  change: (match: RegExpExecArray) => string,
  budget: Budget,
): string {
  const parts: string[] = []
  let size = 0
  let end = 0
  for (const match of matches(pattern, text, budget)) {
    const changed = change(match)
    size += match.index - end + changed.length
    budget.characters(size, changed.length)
    parts.push(text.slice(end, match.index), changed)
    end = match.index + match[0].length
  }
  if (parts.length === 0) return text
  budget.characters(size + text.length - end)
  parts.push(text.slice(end))
  return parts.join('')
}

/** Whether every UTF-16 unit is a character of its own, so that positions in JavaScript and Python agree. */
export function isPlain(text: string, budget: Budget): boolean {
  budget.look(text.length)
  return !SURROGATES.test(text)
}

export function characterCount(text: string, budget: Budget): number {
  if (isPlain(text, budget)) return text.length
  budget.look(text.length)
  let count = text.length
  for (let i = 1; i < text.length; i++) if (isSecondUnit(text, i)) count--
  return count
}

/** Whether the unit at `i` belongs to the character that begins before it. */
function isSecondUnit(text: string, i: number): boolean {
  const unit = text.charCodeAt(i)
  if (unit < 0xdc00 || unit > 0xdfff) return false
  const before = text.charCodeAt(i - 1)
  return before >= 0xd800 && before < 0xdc00
}

/** The unit at which character number `index` begins; the end for what lies behind it. `index` is not negative. */
function unitOf(text: string, index: number, budget: Budget): number {
  if (isPlain(text, budget)) return Math.min(index, text.length)
  budget.look(text.length)
  let unit = 0
  for (let i = 0; i < index && unit < text.length; i++) unit += isSecondUnit(text, unit + 1) ? 2 : 1
  return unit
}

/** `text[from:to]` in characters, both within 0 and the length. */
export function charactersBetween(text: string, from: number, to: number, budget: Budget): string {
  return text.slice(unitOf(text, from, budget), unitOf(text, Math.max(from, to), budget))
}

export type Side = 'both' | 'left' | 'right'

/** Without the characters of `characters` (white space if absent) at its ends. */
export function strip(text: string, characters: string | undefined, budget: Budget, side: Side = 'both'): string {
  budget.look(text.length)
  budget.scan(characters?.length ?? 0)
  const set = characters === undefined ? SPACE_CODES : new Set(Array.from(characters, (one) => one.codePointAt(0)!))
  let begin = 0
  let end = text.length
  while (side !== 'right' && begin < end && set.has(text.codePointAt(begin)!)) {
    budget.scan(1)
    begin += units(text.codePointAt(begin)!)
  }
  while (side !== 'left' && end > begin && set.has(codeBefore(text, end))) {
    budget.scan(1)
    end -= units(codeBefore(text, end))
  }
  return text.slice(begin, end)
}

const units = (code: number): number => (code > 0xffff ? 2 : 1)

function codeBefore(text: string, end: number): number {
  const pair = end >= 2 ? text.codePointAt(end - 2)! : 0
  return pair > 0xffff ? pair : text.charCodeAt(end - 1)
}

/** Our own search takes as long as the engine takes for this many passes. */
const NEEDLE_COST = 3

/** Where `part`, which is not empty, stands in `text` without overlaps; at most `most` times where that is not negative. */
export function* occurrences(
  text: string,
  part: string,
  budget: Budget,
  { most = -1, fromEnd = false }: { readonly most?: number; readonly fromEnd?: boolean } = {},
): Generator<number> {
  budget.look(NEEDLE_COST * (text.length + part.length))
  const needle = new Needle(part, fromEnd)
  let from = fromEnd ? text.length : 0
  for (let count = 0; count !== most; count++) {
    const at = needle.find(text, from)
    if (at < 0) return
    budget.spend()
    yield at
    from = fromEnd ? at : at + part.length
  }
}

/** Python's `part in text`. */
export function includes(text: string, part: string, budget: Budget): boolean {
  if (part === '') return true
  for (const _ of occurrences(text, part, budget, { most: 1 })) return true
  return false
}

/** `str.split`: at most `most` cuts, from the left. */
export function split(text: string, separator: string | undefined, most: number, budget: Budget): string[] {
  if (separator === undefined) return splitWords(text, most, budget)
  if (separator === '') throw new TemplateFault('empty separator')
  return cutAt(text, [...occurrences(text, separator, budget, { most })], separator, budget)
}

function cutAt(text: string, cuts: readonly number[], { length }: string, budget: Budget): string[] {
  budget.elements(cuts.length + 1)
  const parts = cuts.map((cut, i) => text.slice(i === 0 ? 0 : cuts[i - 1]! + length, cut))
  parts.push(cuts.length === 0 ? text : text.slice(cuts.at(-1)! + length))
  return parts
}

function splitWords(text: string, most: number, budget: Budget): string[] {
  const words: string[] = []
  for (const { 0: word, index } of matches(WORDS, text, budget)) {
    budget.elements(1)
    if (words.length === most) return [...words, text.slice(index)]
    words.push(word)
  }
  return words
}

/** `str.rsplit`: at most `most` cuts, from the right. */
export function splitRight(text: string, separator: string | undefined, most: number, budget: Budget): string[] {
  if (most < 0) return split(text, separator, most, budget)
  if (separator === undefined) {
    const words = [...matches(WORDS, text, budget)]
    const cut = words.length - most
    if (cut <= 0) return words.map(([word]) => word)
    const last = words[cut - 1]!
    const head = text.slice(0, last.index + last[0].length)
    return [head, ...words.slice(cut).map(([word]) => word)]
  }
  if (separator === '') throw new TemplateFault('empty separator')
  return cutAt(text, [...occurrences(text, separator, budget, { most, fromEnd: true })].reverse(), separator, budget)
}

export function splitLines(text: string, budget: Budget, keepsEnds = false): string[] {
  const lines: string[] = []
  let begin = 0
  for (const { 0: end, index } of matches(LINE_END, text, budget)) {
    budget.elements(1)
    lines.push(text.slice(begin, keepsEnds ? index + end.length : index))
    begin = index + end.length
  }
  if (begin < text.length) lines.push(text.slice(begin))
  return lines
}

/** `str.replace`; a negative `most` replaces all. */
export function replace(text: string, old: string, replacement: string, most: number, budget: Budget): string {
  if (most === 0) return text
  if (old === '') return fillIn(text, replacement, most, budget)
  const parts: string[] = []
  let begin = 0
  for (const at of occurrences(text, old, budget, { most })) {
    parts.push(text.slice(begin, at))
    begin = at + old.length
  }
  if (parts.length === 0) return text
  parts.push(text.slice(begin))
  budget.characters(text.length + (parts.length - 1) * (replacement.length - old.length))
  return parts.join(replacement)
}

/** Puts `filling` in front of every character and behind the last, at most `most` times. */
function fillIn(text: string, filling: string, most: number, budget: Budget): string {
  budget.elements(text.length)
  const characters = Array.from(text)
  const count = most < 0 ? characters.length + 1 : Math.min(most, characters.length + 1)
  budget.characters(text.length + count * filling.length)
  const begin = characters.slice(0, count).map((character) => filling + character)
  return begin.join('') + (count > characters.length ? filling : characters.slice(count).join(''))
}

export function repeat(text: string, times: number, budget: Budget): string {
  if (times <= 0) return ''
  budget.characters(text.length * times)
  return text.repeat(times)
}

/** The character at a position counted from the end when negative. */
export function characterAtIndex(text: string, index: number, budget: Budget): string | undefined {
  if (isPlain(text, budget)) return text.at(index)
  const at = index < 0 ? index + characterCount(text, budget) : index
  const code = at < 0 ? undefined : text.codePointAt(unitOf(text, at, budget))
  return code === undefined ? undefined : String.fromCodePoint(code)
}

/** First letter of every word in upper case, the rest in lower case; words are runs of letters. */
export function titled(text: string, budget: Budget): string {
  budget.scan(text.length)
  return replaceMatches(text, /[\p{L}\p{Nl}\p{M}]+/gu, ([word]) => capitalized(word, budget), budget)
}

/** First character in upper case, the rest in lower case. */
export function capitalized(text: string, budget: Budget): string {
  budget.look(text.length)
  const [first = ''] = text
  return first.toUpperCase() + text.slice(first.length).toLowerCase()
}

/** `center` as `str.center` has it, `middle` as the format `^` has it. */
export type Alignment = 'left' | 'right' | 'center' | 'middle'

/** Filled up to `width` characters. */
export function pad(text: string, width: number, fill: string, alignment: Alignment, budget: Budget): string {
  const missing = width - characterCount(text, budget)
  if (!(missing > 0)) return text
  budget.characters(text.length + missing * fill.length)
  // `str.center` puts an odd character to the left where the width is odd.
  const middle = (missing >> 1) + (alignment === 'center' ? missing & width & 1 : 0)
  const before = alignment === 'left' ? 0 : alignment === 'right' ? missing : middle
  return repeat(fill, before, budget) + text + repeat(fill, missing - before, budget)
}

/** `text.find(part, from, to)` as a position in characters, or -1. */
export function find(
  text: string,
  part: string,
  { from, to, fromEnd }: { readonly from: number; readonly to: number; readonly fromEnd: boolean },
  budget: Budget,
): number {
  const length = characterCount(text, budget)
  const begin = Math.min(from < 0 ? Math.max(0, from + length) : from, length + 1)
  const end = to < 0 ? Math.max(0, to + length) : Math.min(to, length)
  if (begin > end) return -1
  const window = charactersBetween(text, begin, end, budget)
  if (part === '') return fromEnd ? end : begin
  for (const at of occurrences(window, part, budget, { most: 1, fromEnd })) {
    return begin + characterCount(window.slice(0, at), budget)
  }
  return -1
}
