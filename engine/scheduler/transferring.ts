// When transfers begin and when they have to end: see cell-transfers.ts.
import type { ActionQueue } from './action-queue.ts'
import type { SchedulerAction } from './events.ts'
import { around, type SchedulerState } from './state.ts'
import type { Submitting } from './submitting.ts'

export class Transferring {
  readonly #state: SchedulerState
  readonly #submitting: Submitting
  readonly #news: ActionQueue
  /** The time of the newest `wake`. */
  #wakeUs = -1
  /** As far as events have told; undefined without a clock. */
  nowUs: number | undefined

  constructor(state: SchedulerState, submitting: Submitting, news: ActionQueue) {
    this.#state = state
    this.#submitting = submitting
    this.#news = news
  }

  /** Transfers whose cells no row in flight can write any more may begin. */
  open(): void {
    const oldest = this.#state.runTable.flights[0]?.number ?? Number.POSITIVE_INFINITY
    for (;;) {
      const transfer = this.#state.transfers.open(oldest, this.nowUs)
      if (!transfer) return
      const { request, text } = transfer
      this.#news.put({ kind: 'transfer', request, tokens: text.tokens, cells: text.cells })
    }
  }

  /** Nothing else is to be done. Whoever waits for cells that transfers hold does so for a bounded time. */
  end(): SchedulerAction | undefined {
    const { transfers } = this.#state
    if (transfers.live.size === 0 || this.nowUs === undefined) return undefined
    const next = transfers.deadline(this.#areWanted, this.nowUs)
    if (!next) return undefined
    const { request, atUs } = next
    if (atUs <= this.nowUs) {
      transfers.abandon(request)
      return { kind: 'expired', request }
    }
    if (atUs === this.#wakeUs) return undefined
    this.#wakeUs = atUs
    return { kind: 'wake', atUs }
  }

  /** Whether somebody waits for cells that transfers hold. */
  get #areWanted(): boolean {
    if (this.#submitting.lacksCells) return true
    const { admission, transfers } = this.#state
    if (admission.waitingCount === 0) return false
    const now = around(this.#state)
    return !admission.canAdmit(now) && admission.canAdmit({ ...now, more: transfers.heldCount })
  }
}
