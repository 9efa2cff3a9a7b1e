// The texts that end a choice: several, or one. Pure.
import { TsinferError } from '../errors.ts'
import { STOP_BYTES_MAX } from '../limits.ts'
import { type Kind, list, text } from './kinds.ts'
import { refused } from './refusal.ts'

const several = list(text, STOP_BYTES_MAX, 'texts')

export const stopTexts: Kind<readonly string[]> = {
  expected: 'a text or a list of texts of at least one character each',
  read(value, site) {
    const texts = typeof value === 'string' ? [value] : several.read(value, site)
    const empty = texts.indexOf('')
    if (empty >= 0) throw refused(site, 'texts of at least one character', texts[empty])
    // At most three bytes a character: what cannot fit is not measured.
    const characters = texts.reduce((sum, { length }) => sum + length, 0)
    const bytes =
      characters > STOP_BYTES_MAX ? characters : texts.reduce((sum, stop) => sum + utf8.encode(stop).length, 0)
    if (bytes > STOP_BYTES_MAX) {
      const expected = `expected at most ${STOP_BYTES_MAX} bytes of UTF-8 in all`
      throw new TsinferError(site.code, `${site.name}: ${expected}, found ${bytes}`)
    }
    return texts
  },
}

const utf8 = new TextEncoder()
