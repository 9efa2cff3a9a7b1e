// How many more tokens admission wants room for, for everybody. With few, many run side by side, and where texts get long some
// pause, which costs the evaluation of what they had. So there is a budget: of the tokens that are evaluated every tenth may be
// so again, and each beyond that is one more for which there has to be room, until it is made up for. What would never pause
// at the least headroom is not held up by this. Counts only: the same again with the same events.
import type { SchedulerLimits } from './events.ts'

/** Tokens evaluated for each that may be evaluated again. */
const EVALUATED_PER_AGAIN = 10

export class Headroom {
  readonly #limits: SchedulerLimits
  #budget = 0

  constructor(limits: SchedulerLimits) {
    this.#limits = limits
  }

  get tokens(): number {
    return this.#limits.headroom + Math.ceil(Math.max(0, -this.#budget) / EVALUATED_PER_AGAIN)
  }

  /** What is saved up is no more than all cells: a long time without pauses is no reason for one with many. */
  evaluated(tokens: number): void {
    this.#budget = Math.min(this.#budget + tokens, this.#limits.cells * EVALUATED_PER_AGAIN)
  }

  /** A pause has taken so many from a sequence: as far as nobody keeps them they are evaluated again. */
  lost(tokens: number): void {
    this.#budget -= tokens * EVALUATED_PER_AGAIN
  }

  /** As it goes on, so many of them are there. */
  foundAgain(tokens: number): void {
    this.#budget += tokens * EVALUATED_PER_AGAIN
  }
}
