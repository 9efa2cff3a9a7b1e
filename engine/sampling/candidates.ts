// Tokens to choose from, in arrays allocated once. Who asks for ranks gets them from a binary heap of the tokens near the
// best one, and only when these are used up from a heap of all others; what is taken out of a heap collects in order behind
// it. Ordering only as far as someone asks keeps a whole vocabulary cheap.
import type { TokenId } from '../domain.ts'

/** How far below the best logit a token of the first heap lies at most: an e-based likelihood of 1 in 22,000. */
const NEAR = 10

export class Candidates {
  readonly #ids: Int32Array
  readonly #logits: Float64Array
  #count = 0
  /** The entry of rank 0, until there is a heap. */
  #best = 0
  /** Tokens that are not near the best one; they lie before the near ones. -1: there is no heap yet. */
  #farCount = -1
  /** Where the heap begins, and how many are in it. */
  #heapFrom = 0
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
    this.#farCount = -1
  }

  push(id: TokenId, logit: number): void {
    this.#ids[this.#count] = id
    this.#logits[this.#count] = logit
    this.#count++
  }

  /** Pushes every token whose logit is a number; a token's place is its id. */
  pushAll(logits: Float32Array, count: number): void {
    let at = this.#count
    for (let id = 0; id < count; id++) {
      const logit = logits[id]!
      this.#ids[at] = id
      this.#logits[at] = logit
      if (!Number.isNaN(logit)) at++
    }
    this.#count = at
  }

  /** Ends pushing. */
  order(): void {
    this.#best = 0
    for (let entry = 1; entry < this.#count; entry++) if (this.#isBefore(entry, this.#best)) this.#best = entry
  }

  /** Token of rank `rank` (0 = best). */
  idAt(rank: number): TokenId {
    return this.#ids[this.#entryAt(rank)]!
  }

  logitAt(rank: number): number {
    return this.#logits[this.#entryAt(rank)]!
  }

  /** The i-th that was pushed; of no rank any more once ranks behind the first have been asked for. */
  storedId(i: number): TokenId {
    return this.#ids[i]!
  }

  storedLogit(i: number): number {
    return this.#logits[i]!
  }

  #entryAt(rank: number): number {
    if (this.#farCount < 0) {
      if (rank === 0) return this.#best
      this.#partNear()
    }
    const entry = this.#count - 1 - rank
    while (this.#heapFrom + this.#heapCount > entry) {
      if (this.#heapCount === 0) this.#makeHeap(0, this.#farCount)
      this.#heapCount--
      this.#swap(this.#heapFrom, this.#heapFrom + this.#heapCount)
      this.#sink(0)
    }
    return entry
  }

  /** Puts the near ones behind the others, and makes their heap. */
  #partNear(): void {
    const bound = this.#logits[this.#best]! - NEAR
    let far = 0
    for (let entry = 0; entry < this.#count; entry++) if (!(this.#logits[entry]! >= bound)) this.#swap(far++, entry)
    this.#farCount = far
    this.#makeHeap(far, this.#count - far)
  }

  #makeHeap(from: number, count: number): void {
    this.#heapFrom = from
    this.#heapCount = count
    for (let at = (count >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** Restores the heap below one of its places. */
  #sink(place: number): void {
    const from = this.#heapFrom
    let at = place
    for (;;) {
      let best = at
      const left = 2 * at + 1
      const right = left + 1
      if (left < this.#heapCount && this.#isBefore(from + left, from + best)) best = left
      if (right < this.#heapCount && this.#isBefore(from + right, from + best)) best = right
      if (best === at) return
      this.#swap(from + at, from + best)
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
