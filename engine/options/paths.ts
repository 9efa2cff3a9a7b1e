// Paths of files as callers have them: texts, and URLs of files, as `import.meta.url` gives them.
import { fileURLToPath } from 'node:url'
import type { Kind } from './kinds.ts'
import { refused } from './refusal.ts'

/** Bytes that no system's paths reach: Linux takes 4096, Windows 65534. */
const PATH_CHARS_MAX = 1 << 16

/** A path as a text; `file:` URLs become paths. An empty path is one, of no file. */
export const path: Kind<string> & { readonly type: 'text' } = {
  type: 'text',
  expected: 'the path of a file as a text, or a file: URL',
  read(value, site) {
    if (typeof value !== 'string' && !(value instanceof URL)) throw refused(site, path.expected, value)
    const text = typeof value === 'string' ? value : value.href
    if (text.length > PATH_CHARS_MAX) throw refused(site, `a path of at most ${PATH_CHARS_MAX} characters`, text.length)
    if (typeof value === 'string' && !/^file:\/\//i.test(value)) return value
    try {
      return fileURLToPath(text)
    } catch {
      throw refused(site, path.expected, text)
    }
  },
}
