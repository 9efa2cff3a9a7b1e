// Masks of constraints that are new take milliseconds, those of a hostile schema a tenth of a second. So they are worked
// out in pieces, one between two looks at the bell: first those that tokens wait for, then, while there is nothing else to
// do, those that the next tokens will need.
import type { RequestId } from '../scheduler/events.ts'
import type { LiveGeneration } from './live-generation.ts'

/** Steps of a piece: less than a millisecond. */
export const PIECE_STEPS = 1 << 13

/** A choice whose constraint is to be prepared. */
export interface Unprepared {
  readonly request: RequestId
  readonly choice: number
  readonly body: LiveGeneration
}

export class Preparation {
  /** Those whose token is deferred. One after the other, so that choices at the same place are served by one walk. */
  readonly #deferred: Unprepared[] = []
  readonly #early: Unprepared[] = []

  /** The token waits for the mask. */
  defer(choice: Unprepared): void {
    this.#deferred.push(choice)
  }

  /** The next token may need a mask. */
  expect(choice: Unprepared): void {
    this.#early.push(choice)
  }

  /** Forgets a request that is over. */
  forget(body: LiveGeneration): void {
    for (const list of [this.#deferred, this.#early]) {
      const left = list.filter((one) => one.body !== body)
      list.splice(0, list.length, ...left)
    }
  }

  /** Whether there is something to do: what is only expected counts where nothing else is to be done. */
  hasWork(isIdle: boolean): boolean {
    return this.#deferred.length > 0 || (isIdle && this.#early.length > 0)
  }

  /** One piece of work. Returns the choice whose token can be drawn now, or tells why it never can be. */
  work(): Unprepared | undefined {
    const [first] = this.#deferred
    if (!first) {
      this.#prepareEarly()
      return undefined
    }
    try {
      if (!first.body.prepare(first.choice, PIECE_STEPS)) return undefined
    } catch {
      // Drawing the token fails for the same reason, where it is known whose it is.
    }
    return this.#deferred.shift()
  }

  #prepareEarly(): void {
    const [first] = this.#early
    try {
      if (first?.body.prepare(first.choice, PIECE_STEPS) === false) return
    } catch {
      // The mask may not be needed. Where it is, drawing the token fails for the same reason.
    }
    this.#early.shift()
  }
}
