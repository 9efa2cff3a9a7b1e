// SentencePiece's byte-pair mode with llama.cpp's semantics (llm_tokenizer_spm): any two neighbours whose joined text
// is a token may be joined, the token of the highest score first, among equal scores the leftmost pair; a character
// that is no token is spelled in bytes. @huggingface/tokenizers ranks merges one by one, so it can express neither
// equal scores nor pairs whose halves are no tokens; hence our own. Pure.
import type { TokenId } from '../engine/domain.ts'
import { type ByteIndex, stringCount } from './byte-strings.ts'
import { type MergeRules, PairMerger } from './merger.ts'
import { ESCAPED_SPACE } from './pieces.ts'
import type { Vocabulary } from './vocabulary.ts'

export class SpmEncoder {
  readonly #texts: ByteIndex
  /** Token that stands for each byte, -1 for none. */
  readonly #ofByte: Int32Array
  readonly #addSpacePrefix: boolean
  /** Rank of each token's score, equal for equal scores; the best is 0. */
  readonly #priorities: Int32Array
  readonly #results: Int32Array
  readonly #utf8 = new TextEncoder()

  constructor({ texts, scores, ids, table }: Vocabulary) {
    this.#texts = texts
    this.#ofByte = Int32Array.from({ length: 256 }, (_, byte) => {
      const hex = byte.toString(16).toUpperCase().padStart(2, '0')
      const found = [texts.find(this.#utf8.encode(`<0x${hex}>`), 0, 6), texts.find(Uint8Array.of(byte), 0, 1)]
      return found.find((id) => id >= 0) ?? ids.unknown ?? -1
    })
    this.#addSpacePrefix = table.addSpacePrefix
    this.#priorities = rankScores(scores)
    this.#results = Int32Array.from({ length: stringCount(texts.strings) }, (_, id) => id)
  }

  /**
   * Appends the ids of `text`, which has no special tokens in it, to `output`.
   * @param atStart it begins the whole text, or follows a special token
   */
  encode(text: string, atStart: boolean, output: TokenId[]): void {
    const prefix = atStart && this.#addSpacePrefix ? ESCAPED_SPACE : ''
    const bytes = this.#utf8.encode(prefix + text.replaceAll(' ', ESCAPED_SPACE))
    const merger = new PairMerger(countCharacters(bytes))
    let count = 0
    for (let at = 0; at < bytes.length; at++) if (!isContinuation(bytes[at]!)) merger.starts[count++] = at
    merger.starts[count] = bytes.length
    merger.merge(count, this.#rulesFor(bytes))
    for (let i = 0; i < count; i = merger.next[i]!) {
      const start = merger.starts[i]!
      const end = merger.endOf(i)
      const token = this.#texts.find(bytes, start, end)
      if (token >= 0) output.push(token)
      else for (const byte of bytes.subarray(start, end)) if (this.#ofByte[byte]! >= 0) output.push(this.#ofByte[byte]!)
    }
  }

  #rulesFor(bytes: Uint8Array): MergeRules {
    const texts = this.#texts
    const priorities = this.#priorities
    const results = this.#results
    return {
      find: (symbols, left, right) => texts.find(bytes, symbols.starts[left]!, symbols.endOf(right)),
      priorities,
      results,
    }
  }
}

function rankScores(scores: Float32Array): Int32Array {
  // Sorted in place instead of put in a Set: a file may have millions of different scores. 0 and -0 are one score.
  const ascending = scores.map((score) => score + 0).sort()
  let count = 0
  for (const score of ascending) if (count === 0 || ascending[count - 1] !== score) ascending[count++] = score
  const rankOf = (score: number) => {
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (ascending[middle]! < score) low = middle + 1
      else high = middle
    }
    return count - 1 - low
  }
  return Int32Array.from(scores, rankOf)
}

function countCharacters(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (!isContinuation(byte)) count++
  return count
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
