// Sessions: when transfers of their texts begin and when they have to end (cell-transfers.ts), and how they are forgotten.
import type { ActionQueue } from './action-queue.ts'
import type { RequestId, SchedulerAction, SessionId } from './events.ts'
import { around, type SchedulerState } from './state.ts'
import type { Submitting } from './submitting.ts'

export class Sessions {
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

  /** Lets the driver read what the session keeps. */
  hold(request: RequestId, session: SessionId): void {
    this.#state.transfers.hold(request, session)
    this.open()
  }

  /** The session is over: it keeps nothing, nor do its requests. */
  forget(session: SessionId): void {
    const { kept, transfers, admission, requests } = this.#state
    kept.forget(session)
    transfers.forget(session)
    admission.forget(session)
    for (const request of requests.values()) if (request.session === session) request.session = undefined
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
