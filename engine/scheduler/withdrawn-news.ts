// Tells the stages of rows, and the drafter of questions, that are of no use any more.
import type { ActionQueue } from './action-queue.ts'
import type { SchedulerState } from './state.ts'

export class WithdrawnNews {
  readonly #state: Pick<SchedulerState, 'runTable' | 'drafting'>
  readonly #urgent: ActionQueue

  constructor(state: Pick<SchedulerState, 'runTable' | 'drafting'>, urgent: ActionQueue) {
    this.#state = state
    this.#urgent = urgent
  }

  /** Of all that has been withdrawn and not been told of. */
  tell(): void {
    const { runTable, drafting } = this.#state
    for (const flight of runTable.flights) {
      if (flight.withdrawn === 0) continue
      this.#urgent.put({ kind: 'cancel', number: flight.number, groups: flight.withdrawn })
      flight.withdrawn = 0
    }
    for (;;) {
      const question = drafting.takeWithdrawn()
      if (question === undefined) return
      this.#urgent.put({ kind: 'withdraw', question })
    }
  }
}
