// The strings of a shape as a language. Pure.
import type { Languages } from '../texts/languages.ts'
import type { Shape } from './shape.ts'

/** A text that is narrowed otherwise is not longer, unless it must be: a counter beside an automaton multiplies it. */
const COUNTED_MAX = 1 << 9

export function textOfShape(shape: Shape, languages: Languages): number {
  const { lengthLeast, lengthMost, text = languages.all } = shape
  const excluded = shape.excluded.filter((value) => typeof value === 'string').map((value) => languages.literal(value))
  const others = excluded.length === 0 ? languages.all : languages.not(languages.any(...excluded))
  const isCounted = lengthLeast > 0 || lengthMost < Number.POSITIVE_INFINITY
  const most =
    lengthMost < Number.POSITIVE_INFINITY ? Math.min(lengthMost, Math.max(lengthLeast, COUNTED_MAX)) : lengthMost
  return languages.both(text, others, isCounted ? languages.counted(lengthLeast, most) : languages.all)
}
