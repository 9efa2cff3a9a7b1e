// Which of some chosen tokens another token begins with: chains from longer to shorter ones, with jumps over many, so
// that one of a given length is found in a number of steps that grows with the logarithm of the chain. Pure.

const NONE = -1

export class TokenBeginnings {
  readonly #lengthOf: (rank: number) => number
  readonly #isChosen: (rank: number) => boolean
  /** Per rank: the longest chosen token that it begins with, and one further down the chain. */
  readonly #next: Int32Array
  readonly #jump: Int32Array

  /**
   * @param beginnings per rank the longest other token it begins with, which has a higher rank; -1 for none
   * @param lengthOf a token's bytes
   */
  constructor(beginnings: Int32Array, lengthOf: (rank: number) => number, isChosen: (rank: number) => boolean) {
    this.#lengthOf = lengthOf
    this.#isChosen = isChosen
    const next = new Int32Array(beginnings.length)
    const jump = new Int32Array(beginnings.length)
    const depth = new Uint32Array(beginnings.length)
    const depthOf = (rank: number) => (rank === NONE ? 0 : depth[rank]!)
    for (let rank = beginnings.length - 1; rank >= 0; rank--) {
      const shorter = beginnings[rank]!
      const parent = shorter === NONE || isChosen(shorter) ? shorter : next[shorter]!
      next[rank] = parent
      depth[rank] = depthOf(parent) + 1
      // Two jumps of equal length from the parent become one; else a short one begins (Myers, IPL 1983).
      const far = parent === NONE ? NONE : jump[parent]!
      const farther = far === NONE ? NONE : jump[far]!
      const isEven = parent !== NONE && depthOf(parent) - depthOf(far) === depthOf(far) - depthOf(farther)
      jump[rank] = isEven ? farther : parent
    }
    this.#next = next
    this.#jump = jump
  }

  /** The token itself where it is a chosen one, else the longest chosen one that it begins with; -1 for none. */
  chosen(rank: number): number {
    return this.#isChosen(rank) ? rank : this.#next[rank]!
  }

  /** The longest chosen token of at most `bytes` that the token begins with; -1 for none. */
  within(rank: number, bytes: number): number {
    let at = rank
    while (at !== NONE && this.#lengthOf(at) > bytes) {
      const far = this.#jump[at]!
      at = far !== NONE && this.#lengthOf(far) > bytes ? far : this.#next[at]!
    }
    return at
  }
}
