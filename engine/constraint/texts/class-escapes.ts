// The classes that a regular expression names: \d \w \s, and those of Unicode's properties. Pure.
import type { CodePoints } from '../characters.ts'
import { ALL_CHARACTERS, type CharSet, charSet, complement } from './char-set.ts'

/** The separators of lines and of paragraphs. */
export const SEPARATORS: CodePoints = [0x2028, 0x2029]

const DIGITS = charSet([[0x30, 0x39]])
const WORDS = charSet([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
])
const SPACES = charSet([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  SEPARATORS,
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
])
const known = new Map<string, CharSet>([
  ['\\d', DIGITS],
  ['\\D', complement(DIGITS)],
  ['\\w', WORDS],
  ['\\W', complement(WORDS)],
  ['\\s', SPACES],
  ['\\S', complement(SPACES)],
])
const KNOWN_MAX = 64

/** The characters of e.g. `\w` or `\p{Lu}`, as the engine's own regular expressions have them. */
export function classEscape(name: string): CharSet {
  const found = known.get(name) ?? scan(new RegExp(name, 'u'))
  if (known.size < KNOWN_MAX) known.set(name, found)
  return found
}

function scan(pattern: RegExp): CharSet {
  const ranges: CodePoints[] = []
  let from = -1
  for (const [first, last] of ALL_CHARACTERS) {
    for (let code = first; code <= last + 1; code++) {
      const isIn = code <= last && pattern.test(String.fromCodePoint(code))
      if (isIn && from < 0) from = code
      if (isIn || from < 0) continue
      ranges.push([from, code - 1])
      from = -1
    }
  }
  return charSet(ranges)
}
