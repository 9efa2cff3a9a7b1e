// Tokens that are left between two filters, in any order. Grows as far as it has to.
import type { TokenId } from '../domain.ts'

export class Survivors {
  #ids = new Int32Array(64)
  #logits = new Float64Array(64)
  #count = 0

  get count(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
  }

  push(id: TokenId, logit: number): void {
    if (this.#count === this.#ids.length) this.#grow()
    this.#ids[this.#count] = id
    this.#logits[this.#count] = logit
    this.#count++
  }

  idAt(i: number): TokenId {
    return this.#ids[i]!
  }

  logitAt(i: number): number {
    return this.#logits[i]!
  }

  /** The highest logit; -Infinity where there is none. */
  get best(): number {
    let best = Number.NEGATIVE_INFINITY
    for (let i = 0; i < this.#count; i++) if (this.#logits[i]! > best) best = this.#logits[i]!
    return best
  }

  /** Leaves those of which `stays` is true. */
  keep(stays: (id: TokenId, logit: number) => boolean): void {
    let count = 0
    for (let i = 0; i < this.#count; i++) {
      const id = this.#ids[i]!
      const logit = this.#logits[i]!
      if (!stays(id, logit)) continue
      this.#ids[count] = id
      this.#logits[count] = logit
      count++
    }
    this.#count = count
  }

  #grow(): void {
    const ids = new Int32Array(2 * this.#ids.length)
    const logits = new Float64Array(2 * this.#logits.length)
    ids.set(this.#ids)
    logits.set(this.#logits)
    this.#ids = ids
    this.#logits = logits
  }
}
