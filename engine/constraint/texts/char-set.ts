// Sets of characters, as ranges of code points. Surrogates are no characters. Pure.
import type { CodePoints } from '../characters.ts'

/** Ranges that are sorted, apart and not adjacent. */
export type CharSet = readonly CodePoints[]

export const ALL_CHARACTERS: CharSet = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
]

/** The characters of ranges in any order. */
export function charSet(ranges: readonly CodePoints[]): CharSet {
  const merged: [number, number][] = []
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1)
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last)
    else merged.push([first, last])
  }
  return shared(merged, ALL_CHARACTERS)
}

/** The characters that both sets have. */
export function shared(one: readonly CodePoints[], two: readonly CodePoints[]): CharSet {
  const found: CodePoints[] = []
  for (let i = 0, j = 0; i < one.length && j < two.length; ) {
    const first = Math.max(one[i]![0], two[j]![0])
    const last = Math.min(one[i]![1], two[j]![1])
    if (first <= last) found.push([first, last])
    if (one[i]![1] < two[j]![1]) i++
    else j++
  }
  return found
}

export function complement(set: CharSet): CharSet {
  const gaps: CodePoints[] = []
  let from = 0
  for (const [first, last] of set) {
    if (first > from) gaps.push([from, first - 1])
    from = last + 1
  }
  if (from <= 0x10ffff) gaps.push([from, 0x10ffff])
  return shared(gaps, ALL_CHARACTERS)
}

export const hasCharacter = (set: CharSet, code: number): boolean =>
  set.some(([first, last]) => code >= first && code <= last)

/** The characters in classes that none of the sets tells apart. */
export function partition(sets: readonly CharSet[]): CharSet[] {
  const changes = new Map<number, number[]>([
    [0, []],
    [0xd800, []],
    [0xe000, []],
  ])
  const change = (at: number, set: number) => changes.set(at, [...(changes.get(at) ?? []), set])
  for (const [i, set] of sets.entries()) {
    for (const [first, last] of set) {
      change(first, i)
      change(last + 1, i)
    }
  }
  const bounds = [...changes.keys()].sort((a, b) => a - b)
  const inside = new Set<number>()
  const classes = new Map<string, CodePoints[]>()
  for (const [i, at] of bounds.entries()) {
    for (const set of changes.get(at)!) if (!inside.delete(set)) inside.add(set)
    const last = (bounds[i + 1] ?? 0x110000) - 1
    if (at > 0x10ffff || (at >= 0xd800 && at < 0xe000)) continue
    const name = [...inside].sort((a, b) => a - b).join()
    const ranges = classes.get(name)
    if (ranges) ranges.push([at, last])
    else classes.set(name, [[at, last]])
  }
  return [...classes.values()].map(charSet)
}
