// States that are taken out by length, the shortest first: a binary heap. Pure.
import type { StateId } from './grammar.ts'

export class ShortestFirst {
  readonly #lengths: number[] = []
  readonly #states: StateId[] = []

  add(length: number, state: StateId): void {
    let at = this.#states.length
    for (let above = (at - 1) >> 1; at > 0 && this.#lengths[above]! > length; above = (at - 1) >> 1) {
      this.#move(above, at)
      at = above
    }
    this.#lengths[at] = length
    this.#states[at] = state
  }

  /** The state of the shortest entry; -1 where there is none. */
  take(): StateId {
    const first = this.#states[0]
    if (first === undefined) return -1
    const length = this.#lengths.pop()!
    const state = this.#states.pop()!
    const count = this.#states.length
    if (count === 0) return first
    let at = 0
    for (let below = 1; below < count; below = 2 * at + 1) {
      if (below + 1 < count && this.#lengths[below + 1]! < this.#lengths[below]!) below++
      if (this.#lengths[below]! >= length) break
      this.#move(below, at)
      at = below
    }
    this.#lengths[at] = length
    this.#states[at] = state
    return first
  }

  #move(from: number, to: number): void {
    this.#lengths[to] = this.#lengths[from]!
    this.#states[to] = this.#states[from]!
  }
}
