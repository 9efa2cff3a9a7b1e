// Python's string operations where JavaScript's differ: positions count characters, not UTF-16 units, and white space
// is another set.
import type { Budget } from './budget.ts'
import { isPlain } from './comparison.ts'
import { TemplateFault } from './values.ts'

/** What `str.isspace` accepts. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
export const SPACE_PATTERN: RegExp = new RegExp(`[${SPACE}]`)
const SPACE_CODES: ReadonlySet<number> = new Set(
  Array.from({ length: 0x3001 }, (_, code) => code).filter((code) => SPACE_PATTERN.test(String.fromCharCode(code))),
)
const WORDS = new RegExp(`[^${SPACE}]+`, 'g')
/** ASCII's separators of files, groups and records. */
const SEPARATORS = '\\x1c-\\x1e'
const LINE_END = new RegExp(`\\r\\n|[\\n\\r\\v\\f${SEPARATORS}\\x85\\u2028\\u2029]`, 'g')

export type Side = 'both' | 'left' | 'right'

/** Without the characters of `characters` (white space if absent) at its ends. */
export function strip(text: string, characters: string | undefined, side: Side = 'both'): string {
  const set = characters === undefined ? SPACE_CODES : new Set(Array.from(characters, (one) => one.codePointAt(0)!))
  let begin = 0
  let end = text.length
  if (side !== 'right')
    while (begin < end && set.has(text.codePointAt(begin)!)) begin += units(text.codePointAt(begin)!)
  if (side !== 'left') while (end > begin && set.has(codeBefore(text, end))) end -= units(codeBefore(text, end))
  return text.slice(begin, end)
}

const units = (code: number): number => (code > 0xffff ? 2 : 1)

function codeBefore(text: string, end: number): number {
  const pair = end >= 2 ? text.codePointAt(end - 2)! : 0
  return pair > 0xffff ? pair : text.charCodeAt(end - 1)
}

/** `str.split`: at most `most` cuts, from the left. */
export function split(text: string, separator: string | undefined, most: number): string[] {
  if (separator === undefined) return splitWords(text, most)
  if (separator === '') throw new TemplateFault('empty separator')
  const parts = text.split(separator)
  if (most < 0 || parts.length <= most + 1) return parts
  return [...parts.slice(0, most), parts.slice(most).join(separator)]
}

function splitWords(text: string, most: number): string[] {
  const words: string[] = []
  for (const { 0: word, index } of text.matchAll(WORDS)) {
    if (words.length === most) return [...words, text.slice(index)]
    words.push(word)
  }
  return words
}

/** `str.rsplit`: at most `most` cuts, from the right. */
export function splitRight(text: string, separator: string | undefined, most: number): string[] {
  if (most < 0) return split(text, separator, most)
  if (separator === undefined) {
    const words = [...text.matchAll(WORDS)]
    const cut = words.length - most
    if (cut <= 0) return words.map(([word]) => word)
    const last = words[cut - 1]!
    const head = text.slice(0, last.index + last[0].length)
    return [head, ...words.slice(cut).map(([word]) => word)]
  }
  const parts = split(text, separator, -1)
  const cut = parts.length - most
  return cut <= 1 ? parts : [parts.slice(0, cut).join(separator), ...parts.slice(cut)]
}

export function splitLines(text: string, keepsEnds = false): string[] {
  const lines: string[] = []
  let begin = 0
  for (const { 0: end, index } of text.matchAll(LINE_END)) {
    lines.push(text.slice(begin, keepsEnds ? index + end.length : index))
    begin = index + end.length
  }
  if (begin < text.length) lines.push(text.slice(begin))
  return lines
}

/** `str.replace`; a negative `most` replaces all. */
export function replace(text: string, old: string, replacement: string, most: number, budget: Budget): string {
  if (most === 0) return text
  const parts = old === '' ? ['', ...text, ''] : text.split(old)
  const count = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1)
  budget.characters(text.length + count * Math.max(0, replacement.length - old.length))
  if (count === parts.length - 1) return parts.join(replacement)
  return parts.slice(0, count + 1).join(replacement) + old + parts.slice(count + 1).join(old)
}

export function repeat(text: string, times: number, budget: Budget): string {
  if (times <= 0) return ''
  budget.characters(text.length * times)
  return text.repeat(times)
}

/** The character at a position counted from the end when negative. */
export function characterAtIndex(text: string, index: number): string | undefined {
  if (isPlain(text)) return text.at(index)
  return Array.from(text).at(index)
}

/** First letter of every word in upper case, the rest in lower case; words are runs of letters. */
export const titled = (text: string): string => text.replace(/[\p{L}\p{Nl}\p{M}]+/gu, (word) => capitalized(word))

/** First character in upper case, the rest in lower case. */
export function capitalized(text: string): string {
  const [first = ''] = text
  return first.toUpperCase() + text.slice(first.length).toLowerCase()
}

/** `center` as `str.center` has it, `middle` as the format `^` has it. */
export type Alignment = 'left' | 'right' | 'center' | 'middle'

/** Filled up to `width` characters. */
export function pad(text: string, width: number, fill: string, alignment: Alignment, budget: Budget): string {
  const missing = width - Array.from(text).length
  if (!(missing > 0)) return text
  // `str.center` puts an odd character to the left where the width is odd.
  const middle = (missing >> 1) + (alignment === 'center' ? missing & width & 1 : 0)
  const before = alignment === 'left' ? 0 : alignment === 'right' ? missing : middle
  return repeat(fill, before, budget) + text + repeat(fill, missing - before, budget)
}

/** `text.find(part, from, to)` as a position in characters, or -1. */
export function find(text: string, part: string, from: number, to: number, fromEnd: boolean): number {
  const characters = isPlain(text) ? undefined : Array.from(text)
  const length = characters?.length ?? text.length
  const begin = Math.min(from < 0 ? Math.max(0, from + length) : from, length + 1)
  const end = to < 0 ? Math.max(0, to + length) : Math.min(to, length)
  if (begin > end) return -1
  const window = characters === undefined ? text.slice(begin, end) : characters.slice(begin, end).join('')
  const at = fromEnd ? window.lastIndexOf(part) : window.indexOf(part)
  if (at < 0) return -1
  return begin + (characters === undefined ? at : Array.from(window.slice(0, at)).length)
}
