// A text of a given number of tokens, for an engine that takes no ids. Pure.
import { longText } from '../text.ts'

/** More bytes than a token of prose has in any vocabulary, and a few for short texts. */
const TOKEN_BYTES = 8
const SPARE_BYTES = 64

/** The first prose of `count` tokens, where `countOf` tells a text's tokens. Throws an Error where there is none. */
export async function textOfTokens(count: number, countOf: (text: string) => Promise<number>): Promise<string> {
  const text = longText(count * TOKEN_BYTES + SPARE_BYTES)
  let begin = 0
  let end = text.length
  while (begin < end) {
    const middle = (begin + end) >> 1
    if ((await countOf(text.slice(0, middle))) < count) begin = middle + 1
    else end = middle
  }
  // A letter more may be a token less, where it completes a word.
  for (let length = begin; length < Math.min(text.length, begin + SPARE_BYTES); length++) {
    const found = text.slice(0, length)
    if ((await countOf(found)) === count) return found
  }
  throw new Error(`expected a text of ${count} tokens, found none`)
}
