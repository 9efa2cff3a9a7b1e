// The scheduler's questions about what follows a text, on their way to whoever drafts: the draft model's pipeline, which
// answers when it has computed, or n-grams, which answer at once.
import type { ConductorTrace } from './conductor-trace.ts'
import type { DraftPipeline } from './draft-pipeline.ts'
import type { LiveRequest } from './live-request.ts'
import { describeRequestFault } from './pipeline/fault.ts'
import type { ResidentFault } from './pipeline/pool.ts'
import type { ResultRow } from './pipeline/results.ts'
import type { DraftNumber, RequestId, SchedulerAction } from './scheduler/events.ts'
import type { Guess } from './spec/guess.ts'

type DraftAction = Extract<SchedulerAction, { kind: 'draft' }>

/** What the conductor does with an answer, and with a drafter that fails: it ends the request. */
export interface DraftListener {
  answer(draft: DraftNumber, guesses: readonly Guess[]): void
  fail(request: RequestId, fault: ResidentFault): void
}

export class DraftQuestions {
  /** Questions the draft model works on. */
  readonly #asked = new Map<DraftNumber, DraftAction>()
  readonly #requests: ReadonlyMap<RequestId, LiveRequest>
  readonly #contextLength: number
  readonly #trace: ConductorTrace | undefined
  readonly #listener: DraftListener

  constructor(
    requests: ReadonlyMap<RequestId, LiveRequest>,
    contextLength: number,
    trace: ConductorTrace | undefined,
    listener: DraftListener,
  ) {
    this.#requests = requests
    this.#contextLength = contextLength
    this.#trace = trace
    this.#listener = listener
  }

  /** Asks the draft model; n-grams, and a model that cannot, answer at once. */
  ask(action: DraftAction, pipeline: DraftPipeline | undefined): void {
    const { draft, request, choice, length, assumed } = action
    this.#trace?.asked(action)
    if (pipeline) {
      const { text, lengthMax } = this.#requests.get(request)!.timeline(choice, this.#contextLength)
      const timeline = timelineName(request, choice)
      this.#asked.set(draft, action)
      if (pipeline.ask({ draft, timeline, certain: text, length, assumed, lengthMax })) return
      this.#asked.delete(draft)
    }
    this.#answer(action, undefined, pipeline === undefined)
  }

  /** The draft model has answered; without a row it has no guess. */
  answered(draft: DraftNumber, row: ResultRow | undefined): void {
    const action = this.#asked.get(draft)
    if (!action) return
    this.#asked.delete(draft)
    this.#answer(action, row, false)
  }

  /** The answer is of no use any more. */
  withdraw(draft: DraftNumber): void {
    this.#asked.delete(draft)
    this.#trace?.answered(draft, undefined)
  }

  #answer(
    { draft, request, choice, length, assumed, count }: DraftAction,
    row: ResultRow | undefined,
    byText: boolean,
  ) {
    const live = this.#requests.get(request)
    let guesses: readonly Guess[] = []
    try {
      if (live && row) guesses = live.rank(choice, row, length + assumed.length, count)
      else if (live && byText) guesses = live.draft(choice, assumed, count)
    } catch (error) {
      return this.#listener.fail(request, describeRequestFault(error))
    }
    this.#trace?.answered(draft, guesses)
    this.#listener.answer(draft, guesses)
  }
}

/** Of a choice, for the draft model. */
export const timelineName = (request: RequestId, choice: number): string => `${request}.${choice}`
