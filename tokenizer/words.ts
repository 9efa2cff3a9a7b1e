// Cuts a text into the words that byte-pair encoding looks at one by one. Pure.
import * as library from '@huggingface/tokenizers'
import { asOfUnicode15 } from './unicode-version.ts'

interface Split {
  pre_tokenize_text(text: string): string[]
}
// The package's type files import each other without extensions, which Node's resolution does not find.
const { SplitPreTokenizer } = library as unknown as { SplitPreTokenizer: new (config: object) => Split }

/** A function that cuts texts by `expressions` in turn, each within the pieces that the one before has left. */
export function wordCutter(expressions: readonly string[]): (text: string) => string[] {
  const splits = expressions.map(
    (expression) =>
      new SplitPreTokenizer({ type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false }),
  )
  return (text) => {
    const classified = asOfUnicode15(text)
    let words = [classified]
    for (const split of splits) {
      words = words.flatMap((word) => (word.length === 1 ? word : split.pre_tokenize_text(word)))
    }
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
