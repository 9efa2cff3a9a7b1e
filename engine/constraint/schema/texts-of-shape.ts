// The strings of a shape as a language. Pure.
import type { Language, Languages } from '../texts/languages.ts'
import type { Shape } from './shape.ts'

/** A text that is narrowed otherwise is not longer, unless it must be: a counter beside an automaton multiplies it. */
const COUNTED_MAX = 1 << 9
const { POSITIVE_INFINITY } = Number

export function textOfShape(shape: Shape, languages: Languages): Language {
  const { lengthLeast, lengthMost, text = languages.all } = shape
  if (lengthLeast > lengthMost) return languages.none
  const excluded = shape.excluded.filter((value) => typeof value === 'string')
  const others = excluded.length === 0 ? languages.all : languages.not(languages.words(excluded))
  const narrowed = languages.both(text, others)
  const isLimited = lengthMost < POSITIVE_INFINITY && languages.longest(narrowed) > lengthMost
  if (!isLimited && lengthLeast === 0) return narrowed
  const most = isLimited ? Math.min(lengthMost, Math.max(lengthLeast, COUNTED_MAX)) : POSITIVE_INFINITY
  return languages.both(narrowed, languages.counted(lengthLeast, most))
}
