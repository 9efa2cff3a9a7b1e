// Characters of JSON strings as bytes: UTF-8 (RFC 3629: shortest form, no surrogates), and the escapes of RFC 8259. Pure.
import type { Edge, GrammarBuilder, StateId } from './grammar.ts'

/** Code points from `first` to `last`. */
export type CodePoints = readonly [first: number, last: number]

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
const CODE_POINT_MAX = 0x10ffff
const SURROGATE_FIRST = 0xd800
const SURROGATE_LAST = 0xdfff

/** What may stand in a string as it is. */
export const UNESCAPED: readonly CodePoints[] = [
  [0x20, QUOTE - 1],
  [QUOTE + 1, BACKSLASH - 1],
  [BACKSLASH + 1, SURROGATE_FIRST - 1],
  [SURROGATE_LAST + 1, CODE_POINT_MAX],
]

/**
 * Edges that read one of the characters in UTF-8 and lead to `to`. Surrogates are no characters. Ends of characters are
 * shared in `tails`: there are few different ones.
 */
export function characterEdges(
  builder: GrammarBuilder,
  ranges: readonly CodePoints[],
  to: StateId,
  tails = new Map<string, StateId>(),
): Edge[] {
  const tail = (bytes: readonly ByteRange[]): StateId => {
    const [first, ...rest] = bytes
    if (first === undefined) return to
    const key = `${to} ${bytes.join(' ')}`
    const known = tails.get(key)
    if (known !== undefined) return known
    const state = builder.edges([...first, tail(rest)])
    tails.set(key, state)
    return state
  }
  return ranges.flatMap(([first, last]) =>
    withoutSurrogates(first, last)
      .flatMap(utf8Ranges)
      .map(([lead, ...rest]): Edge => [...lead!, tail(rest)]),
  )
}

function withoutSurrogates(first: number, last: number): CodePoints[] {
  const below: CodePoints = [first, Math.min(last, SURROGATE_FIRST - 1)]
  const above: CodePoints = [Math.max(first, SURROGATE_LAST + 1), last]
  return [below, above].filter(([from, to]) => from <= to)
}

type ByteRange = readonly [low: number, high: number]

/** The UTF-8 forms of a range of code points, as sequences of byte ranges that may be combined freely. */
function utf8Ranges([first, last]: CodePoints): ByteRange[][] {
  for (const limit of [0x7f, 0x7ff, 0xffff]) {
    if (first <= limit && last > limit) return [...utf8Ranges([first, limit]), ...utf8Ranges([limit + 1, last])]
  }
  return byteRanges(utf8(first), utf8(last))
}

/** All byte strings from `low` to `high`, which have the same length and differ by continuation bytes only. */
function byteRanges(low: readonly number[], high: readonly number[]): ByteRange[][] {
  const [lowFirst, ...lowRest] = low
  const [highFirst, ...highRest] = high
  if (lowFirst === undefined || highFirst === undefined) return [[]]
  if (lowFirst === highFirst) {
    return byteRanges(lowRest, highRest).map((rest): ByteRange[] => [[lowFirst, lowFirst], ...rest])
  }
  const least = lowRest.map(() => 0x80)
  const most = lowRest.map(() => 0xbf)
  const result: ByteRange[][] = []
  let from = lowFirst
  let to = highFirst
  if (lowRest.some((byte) => byte !== 0x80)) {
    result.push(...byteRanges(low, [lowFirst, ...most]))
    from++
  }
  const endsEarly = highRest.some((byte) => byte !== 0xbf)
  if (endsEarly) to--
  if (from <= to) result.push([[from, to], ...least.map((byte, i): ByteRange => [byte, most[i]!])])
  if (endsEarly) result.push(...byteRanges([highFirst, ...least], high))
  return result
}

function utf8(code: number): number[] {
  if (code < 0x80) return [code]
  const last = 0x80 | (code & 0x3f)
  if (code < 0x800) return [0xc0 | (code >> 6), last]
  const second = 0x80 | ((code >> 6) & 0x3f)
  if (code < 0x10000) return [0xe0 | (code >> 12), second, last]
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), second, last]
}

/** Edges to `to`; a range is one character, or the first and the last. */
export const edgesTo = (to: StateId, ...ranges: readonly string[]): Edge[] =>
  ranges.map((range) => [range.charCodeAt(0), range.charCodeAt(range.length - 1), to])

/** After a backslash: an escape of one character, which is two \u escapes for one beyond U+FFFF; then `to`. */
function escapeEnd(builder: GrammarBuilder, to: StateId): StateId {
  const hex = (next: StateId): StateId => builder.edges(...edgesTo(next, '09', 'AF', 'af'))
  const lastTwo = hex(hex(to))
  const lowSurrogate = builder.edges(...edgesTo(builder.edges(...edgesTo(lastTwo, 'CF', 'cf')), 'D', 'd'))
  const afterHigh = hex(hex(builder.text('\\u', lowSurrogate)))
  const afterD = builder.edges(...edgesTo(lastTwo, '07'), ...edgesTo(afterHigh, '89', 'AB', 'ab'))
  const code = builder.edges(...edgesTo(hex(lastTwo), '09', 'AC', 'EF', 'ac', 'ef'), ...edgesTo(afterD, 'D', 'd'))
  return builder.edges(...edgesTo(to, '"', '\\', '/', 'b', 'f', 'n', 'r', 't'), ...edgesTo(code, 'u'))
}

/** Edges that read one character of a string in any form. */
export const stringCharacter = (builder: GrammarBuilder, to: StateId): Edge[] => [
  ...characterEdges(builder, UNESCAPED, to),
  [BACKSLASH, BACKSLASH, escapeEnd(builder, to)],
]
