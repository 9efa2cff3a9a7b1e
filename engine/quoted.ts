// Text that is not ours made fit for a message or a terminal: out of a file, a template, a session, a path. Pure. One
// home, because a single place that forgets it lets a file write lines in our name.

const QUOTED_CHARS_MAX = 80

/**
 * Controls (C0, delete, C1), format characters such as direction marks, line and paragraph separators, lone surrogates.
 * The two joiners are left: scripts and emoji are spelled with them.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/** The text on one line: what would steer a terminal is written as JSON escapes it. What is printable stays as it is. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped)

/** The value in quotes, on one line, at most 80 characters of it. */
export const quoted = (value: string): string =>
  printable(JSON.stringify(value.length > QUOTED_CHARS_MAX ? `${value.slice(0, QUOTED_CHARS_MAX - 3)}...` : value))

function escaped(character: string): string {
  const short = SHORT.get(character)
  if (short !== undefined) return short
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
