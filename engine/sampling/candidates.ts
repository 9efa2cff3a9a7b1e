// Tokens to choose from, taken out best first: a binary heap in arrays allocated once, whose removed entries collect
// in order behind it. Ordering only as far as someone asks keeps a whole vocabulary cheap.
import type { TokenId } from '../domain.ts'

export class Candidates {
  readonly #ids: Int32Array
  readonly #logits: Float64Array
  #count = 0
  #heapCount = 0

  /** Room for `capacity` tokens. */
  constructor(capacity: number) {
    this.#ids = new Int32Array(capacity)
    this.#logits = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
    this.#heapCount = 0
  }

  push(id: TokenId, logit: number): void {
    this.#ids[this.#count] = id
    this.#logits[this.#count] = logit
    this.#count++
  }

  /** Ends pushing: makes the heap. Entries may be read in any order before, in rank order after. */
  order(): void {
    this.#heapCount = this.#count
    for (let at = (this.#heapCount >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** Token of rank `rank` (0 = best); ranks must first be asked for in ascending order. */
  idAt(rank: number): TokenId {
    this.#reach(rank)
    return this.#ids[this.#count - 1 - rank]!
  }

  logitAt(rank: number): number {
    this.#reach(rank)
    return this.#logits[this.#count - 1 - rank]!
  }

  /** The i-th entry of the store, whatever its rank. */
  storedId(i: number): TokenId {
    return this.#ids[i]!
  }

  storedLogit(i: number): number {
    return this.#logits[i]!
  }

  #reach(rank: number): void {
    while (this.#count - this.#heapCount <= rank) {
      this.#heapCount--
      this.#swap(0, this.#heapCount)
      this.#sink(0)
    }
  }

  #sink(from: number): void {
    let at = from
    for (;;) {
      let best = at
      const left = 2 * at + 1
      const right = left + 1
      if (left < this.#heapCount && this.#isBefore(left, best)) best = left
      if (right < this.#heapCount && this.#isBefore(right, best)) best = right
      if (best === at) return
      this.#swap(at, best)
      at = best
    }
  }

  /** Higher logits first, lower ids first among equals. */
  #isBefore(a: number, b: number): boolean {
    const logitA = this.#logits[a]!
    const logitB = this.#logits[b]!
    return logitA > logitB || (logitA === logitB && this.#ids[a]! < this.#ids[b]!)
  }

  #swap(a: number, b: number): void {
    const id = this.#ids[a]!
    const logit = this.#logits[a]!
    this.#ids[a] = this.#ids[b]!
    this.#logits[a] = this.#logits[b]!
    this.#ids[b] = id
    this.#logits[b] = logit
  }
}
