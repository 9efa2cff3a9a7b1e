// The classes that a regular expression names: \d \w \s, and those of Unicode's properties. Pure.
import type { CodePoints } from '../characters.ts'
import { ALL_CHARACTERS, type CharSet, charSet } from './char-set.ts'

const known = new Map<string, CharSet>()
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
