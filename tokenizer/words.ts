// Cuts a text into the words that byte-pair encoding looks at one by one. Pure.
import * as library from '@huggingface/tokenizers'
import { TsinferError } from '../engine/errors.ts'
import type { WordCut } from './digit-groups.ts'
import { asOfUnicode15 } from './unicode-version.ts'

interface WordSplit {
  pre_tokenize_text(text: string): string[]
}
// The package's type files import each other without extensions, which Node's resolution does not find.
const { SplitPreTokenizer } = library as unknown as { SplitPreTokenizer: new (config: object) => WordSplit }

/** A function that cuts texts by `expressions` in turn, each within the pieces that the one before has left. */
export function wordCutter(expressions: readonly WordCut[]): (text: string) => string[] {
  const cuts = expressions.map((expression) => {
    if (typeof expression === 'function') return expression
    const split = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: expression },
      behavior: 'Isolated',
      invert: false,
    })
    return (word: string) => pieces(split, word)
  })
  return (text) => {
    const classified = asOfUnicode15(text)
    let words = [classified]
    for (const cut of cuts) words = words.flatMap((word) => (word.length === 1 ? word : cut(word)))
    if (classified === text) return words
    let start = 0
    return words.map((word) => {
      const end = start + word.length
      const original = text.slice(start, end)
      start = end
      return original
    })
  }
}

/** An engine that notes where it could turn back for every character of a word has no room for millions of them. */
function pieces(split: WordSplit, text: string): string[] {
  try {
    return split.pre_tokenize_text(text)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const expected = 'expected words short enough for the regular expressions of its pre-tokenizer'
    throw new TsinferError(
      'prompt_invalid',
      `text: ${expected}, found ${text.length} code units in one (${cause.message})`,
      {
        cause,
      },
    )
  }
}
