// The last tokens of a sequence, prompt included, and how often each of them occurs: what the penalties look at.
import type { TokenId } from '../domain.ts'

export class TokenHistory {
  /** i32 [vocabulary]: occurrences inside the window. */
  readonly #counts: Int32Array
  /** The window as a circle; undefined when it has no end. */
  readonly #window: Int32Array | undefined
  #length = 0

  /** `lastN` tokens count, -1 = all. */
  constructor(vocabularySize: number, lastN: number) {
    this.#counts = new Int32Array(lastN === 0 ? 0 : vocabularySize)
    this.#window = lastN < 0 ? undefined : new Int32Array(lastN)
  }

  add(token: TokenId): void {
    const window = this.#window
    if (window !== undefined) {
      if (window.length === 0) return
      const at = this.#length % window.length
      if (this.#length >= window.length) this.#counts[window[at]!]!--
      window[at] = token
    }
    this.#length++
    this.#counts[token]!++
  }

  occurrences(token: TokenId): number {
    return this.#counts[token] ?? 0
  }
}
