// The barrier between the lanes of one stage: spin for a while, then park. Lane 0 attaches a decision (a 32-bit word)
// to its arrival and every lane leaves with it, so no lane can skip an operation that another enters.
import { type BarrierWords, type ControlLayout, checkRunning } from './control.ts'

/**
 * Spinning that ends in a park was for nothing, and worse where the awaited lane wants this very core: then the next spin
 * is half as long, down to this many loads. One that was not makes the next twice as long again.
 */
const SPINS_LEAST = 500

/** Loads between two looks at the pipeline's state while spinning. */
const SPINS_PER_CHECK = 4096

export class LaneBarrier {
  readonly #words: Int32Array
  readonly #layout: ControlLayout
  readonly #barrier: BarrierWords
  readonly #lanes: number
  readonly #spinsMost: number
  #spins: number
  #generation = 0

  /** `spins`: most loads before a lane parks; 0 when cores are scarce. */
  constructor(words: Int32Array, layout: ControlLayout, stage: number, lanes: number, spins: number) {
    this.#words = words
    this.#layout = layout
    this.#barrier = layout.barriers[stage]!
    this.#lanes = lanes
    this.#spinsMost = spins
    this.#spins = spins
  }

  /** Lane 0: arrives with the decision, returns it when all lanes are here. */
  lead(decision: number): number {
    if (this.#lanes === 1) return decision
    // The other lanes read generation g's word after g; this lane cannot come back to the same parity before they
    // have all arrived at g + 1.
    Atomics.store(this.#words, this.#barrier.decisions + (this.#generation & 1), decision)
    this.#arrive()
    return decision
  }

  /** Other lanes: arrives, returns lane 0's decision. */
  follow(): number {
    const parity = this.#generation & 1
    this.#arrive()
    return Atomics.load(this.#words, this.#barrier.decisions + parity)
  }

  #arrive(): void {
    const words = this.#words
    const { arrived, generation, parked } = this.#barrier
    const seen = this.#generation
    this.#generation = (seen + 1) | 0
    if (Atomics.add(words, arrived, 1) === this.#lanes - 1) {
      Atomics.store(words, arrived, 0)
      Atomics.add(words, generation, 1)
      if (Atomics.load(words, parked) !== 0) Atomics.notify(words, generation)
      return
    }
    for (let i = 1; i <= this.#spins; i++) {
      if (Atomics.load(words, generation) !== seen) break
      if (i % SPINS_PER_CHECK === 0) checkRunning(words, this.#layout)
    }
    if (Atomics.load(words, generation) === seen) {
      this.#spins = Math.min(this.#spinsMost, Math.max(SPINS_LEAST, this.#spins >> 1))
      this.#park(seen)
    } else this.#spins = Math.min(this.#spinsMost, this.#spins * 2)
    // The generation also moves when the pipeline ends, to wake parked lanes.
    checkRunning(words, this.#layout)
  }

  #park(seen: number): void {
    const { generation, parked } = this.#barrier
    Atomics.add(this.#words, parked, 1)
    while (Atomics.load(this.#words, generation) === seen) {
      checkRunning(this.#words, this.#layout)
      Atomics.wait(this.#words, generation, seen)
    }
    Atomics.sub(this.#words, parked, 1)
  }
}
