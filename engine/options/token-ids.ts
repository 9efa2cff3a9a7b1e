// Token ids as callers have them: lists and typed arrays. Pure.
import { type ErrorCode, TsinferError } from '../errors.ts'
import type { Kind } from './kinds.ts'
import { inside, refused, type Site } from './refusal.ts'

/** Ids below `vocabularySize`, at most `most` of them; `tooMany` is the code where there are more. */
export function tokenIds(
  vocabularySize: number,
  most: number,
  tooMany: ErrorCode = 'prompt_too_long',
): Kind<Int32Array<ArrayBuffer>> {
  const expected = 'a list of token ids'
  const one = `a token id from 0 to ${vocabularySize - 1}`
  return {
    expected,
    read(value, site: Site) {
      const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView)
      if (!Array.isArray(value) && !isTyped) throw refused(site, expected, value)
      const ids = value as ArrayLike<unknown>
      const { length } = ids
      if (!(length <= most)) {
        throw new TsinferError(tooMany, `${site.name}: expected at most ${most} token ids, found ${length}`)
      }
      const read = new Int32Array(length)
      for (let i = 0; i < length; i++) {
        const id = ids[i]
        if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= vocabularySize) {
          throw refused(inside(site, `[${i}]`), one, id)
        }
        read[i] = id as number
      }
      return read
    },
  }
}
