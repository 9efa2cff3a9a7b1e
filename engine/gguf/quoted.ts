// Strings of a file made fit for a message.

const CHARS_MAX = 80
/** Beyond what JSON escapes: delete, the C1 controls that steer terminals, line separators, direction marks. */
const UNPRINTABLE = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** The value in quotes, on one line, at most 80 characters of it. */
export function quoted(value: string): string {
  return escaped(value.length > CHARS_MAX ? `${value.slice(0, CHARS_MAX - 3)}...` : value)
}

/** A path on one line, without quotes and uncut. */
export function shownPath(path: string): string {
  return escaped(path).slice(1, -1)
}

function escaped(value: string): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
