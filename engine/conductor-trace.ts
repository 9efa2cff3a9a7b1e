// What the conductor adds to a trace: submissions, returns, cancellations, verdicts and questions to the drafter. It
// exists only while a trace is taken.
import type { MicroBatch, MicroBatchNumber, TokenId } from './domain.ts'
import { clockUs } from './pipeline/clock.ts'
import * as ring from './pipeline/trace-ring.ts'
import type { DraftFigures, DraftNumber, SchedulerAction } from './scheduler/events.ts'

type Submit = Extract<SchedulerAction, { kind: 'submit' }>
type Judge = Extract<SchedulerAction, { kind: 'judge' }>
type Draft = Extract<SchedulerAction, { kind: 'draft' }>

/** Whose micro-batches: they are numbered by pipeline. */
export const TARGET = 0
export const DRAFTER = 1

export class ConductorTrace {
  readonly #recorder: ring.Recorder
  /** Open questions, and when they were asked. */
  readonly #questions = new Map<DraftNumber, { readonly question: Draft; readonly askedUs: number }>()
  #judgedFromUs = 0
  #accepted = 0
  #rejections = 0

  constructor(buffer: SharedArrayBuffer) {
    this.#recorder = new ring.Recorder(buffer)
  }

  submitted({ microBatch, purpose, runFirst, runLast }: Submit, sinceUs: number): void {
    this.#submit(TARGET, microBatch, ring.PURPOSES.indexOf(purpose), runFirst, runLast, sinceUs)
  }

  submittedDraft(microBatch: MicroBatch, draft: DraftNumber | undefined, sinceUs: number): void {
    this.#submit(DRAFTER, microBatch, ring.PURPOSES.indexOf('draft'), draft ?? -1, draft ?? -1, sinceUs)
  }

  #submit(
    pipeline: number,
    { number, rows }: MicroBatch,
    purpose: number,
    runFirst: number,
    runLast: number,
    sinceUs: number,
  ): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.SUBMIT, sinceUs, clockUs())
    fields[at + ring.SUBMIT_NUMBER] = number
    fields[at + ring.SUBMIT_PIPELINE] = pipeline
    fields[at + ring.SUBMIT_PURPOSE] = purpose
    fields[at + ring.SUBMIT_ROWS] = rows.length
    fields[at + ring.SUBMIT_RUN_FIRST] = runFirst
    fields[at + ring.SUBMIT_RUN_LAST] = runLast
  }

  returned(pipeline: number, number: MicroBatchNumber, nowUs = clockUs()): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.RETURN, nowUs, nowUs)
    fields[at + ring.RETURN_NUMBER] = number
    fields[at + ring.RETURN_PIPELINE] = pipeline
  }

  cancelled(pipeline: number, number: MicroBatchNumber, rows: number, left: number, sinceUs: number): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.CANCEL, sinceUs, clockUs())
    fields[at + ring.CANCEL_NUMBER] = number
    fields[at + ring.CANCEL_PIPELINE] = pipeline
    fields[at + ring.CANCEL_ROWS] = rows
    fields[at + ring.CANCEL_LEFT] = left
  }

  /** A row is about to be judged; `drafts` of its request so far. */
  judging({ accepted, rejections }: DraftFigures): void {
    this.#judgedFromUs = clockUs()
    this.#accepted = accepted
    this.#rejections = rejections
  }

  judged({ request, choice, position }: Judge, token: TokenId, drafts: DraftFigures): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.VERDICT, this.#judgedFromUs, clockUs())
    const missed = drafts.rejections > this.#rejections ? ring.REJECTED : ring.UNGUESSED
    fields[at + ring.VERDICT_REQUEST] = request
    fields[at + ring.VERDICT_CHOICE] = choice
    fields[at + ring.VERDICT_POSITION] = position
    fields[at + ring.VERDICT_TOKEN] = token
    fields[at + ring.VERDICT_OUTCOME] = drafts.accepted > this.#accepted ? ring.ACCEPTED : missed
  }

  asked(question: Draft): void {
    this.#questions.set(question.draft, { question, askedUs: clockUs() })
  }

  /** The question is over: with these guesses, or withdrawn. */
  answered(draft: DraftNumber, guesses: readonly { readonly token: TokenId }[] | undefined): void {
    const open = this.#questions.get(draft)
    if (!open) return
    this.#questions.delete(draft)
    const { request, choice, length, assumed } = open.question
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.DRAFT, open.askedUs, clockUs())
    fields[at + ring.DRAFT_NUMBER] = draft
    fields[at + ring.DRAFT_REQUEST] = request
    fields[at + ring.DRAFT_CHOICE] = choice
    fields[at + ring.DRAFT_POSITION] = length + assumed.length
    fields[at + ring.DRAFT_GUESSES] = guesses?.length ?? -1
    fields[at + ring.DRAFT_TOKEN] = guesses?.[0]?.token ?? -1
  }
}
