// An answer that comes in pieces, as a stream brings it.
import { type AnswerReading, AnswerSplitter, type Split } from '../../../tokenizer/answer/answer-splitter.ts'

/** What is read of `text` when it comes in pieces of these sizes, and then what is left; all of it joined. */
export function splitInPieces(text: string, reading: AnswerReading, sizes: readonly number[]): Split {
  const splitter = new AnswerSplitter(reading)
  const splits: Split[] = []
  let at = 0
  for (const size of sizes) {
    splits.push(splitter.push(text.slice(at, at + size)))
    at += size
  }
  splits.push(splitter.push(text.slice(at)), splitter.end())
  return {
    reasoning: splits.map((split) => split.reasoning).join(''),
    content: splits.map((split) => split.content).join(''),
    calls: splits.flatMap((split) => split.calls),
  }
}
