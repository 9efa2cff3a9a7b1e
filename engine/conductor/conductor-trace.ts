// What the conductor adds to a trace: submissions, returns, cancellations, verdicts and questions to the drafter. It
// exists only while a trace is taken.
import type { MicroBatchNumber, Submission, TokenId } from '../domain.ts'
import type { Returned } from '../pipeline/pipeline.ts'
import type { SchedulerAction } from '../scheduler/events.ts'
import type { Verdict } from '../scheduler/judging.ts'
import type { Question, QuestionNumber } from '../speculation/question.ts'
import { clockUs } from '../wire/clock.ts'
import * as ring from '../wire/trace-records.ts'
import type { Watcher } from './watched-pipeline.ts'

type Judge = Extract<SchedulerAction, { kind: 'judge' | 'draw' }>

interface Cancellation {
  readonly number: MicroBatchNumber
  readonly groups: number
  /** Groups that are still alive. */
  readonly left: number
}

/** Whose micro-batches: they are numbered by pipeline. */
export const TARGET = 0
export const DRAFTER = 1

export class ConductorTrace {
  readonly #recorder: ring.Recorder
  /** Open questions, and when they were asked. */
  readonly #questions = new Map<QuestionNumber, { readonly question: Question; readonly askedUs: number }>()
  #judgedFromUs = 0

  constructor(buffer: SharedArrayBuffer) {
    this.#recorder = new ring.Recorder(buffer)
  }

  /** Notes what happens to the micro-batches of a pipeline. */
  watch(pipeline: typeof TARGET | typeof DRAFTER): Watcher {
    return {
      submitted: (submission, sinceUs) => this.#submitted(pipeline, submission, sinceUs),
      cancelled: (number, groups, left, sinceUs) => this.#cancelled(pipeline, { number, groups, left }, sinceUs),
      returned: (returned, nowUs) => this.#returned(pipeline, returned, nowUs),
    }
  }

  #submitted(pipeline: number, { microBatch, purpose, runFirst, runLast }: Submission, sinceUs: number): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.SUBMIT, sinceUs, clockUs())
    fields[at + ring.SUBMIT_NUMBER] = microBatch.number
    fields[at + ring.SUBMIT_PIPELINE] = pipeline
    fields[at + ring.SUBMIT_PURPOSE] = ring.PURPOSES.indexOf(purpose)
    fields[at + ring.SUBMIT_ROWS] = microBatch.rows.length
    fields[at + ring.SUBMIT_RUN_FIRST] = runFirst
    fields[at + ring.SUBMIT_RUN_LAST] = runLast
  }

  #returned(pipeline: number, { number }: Returned, nowUs: number): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.RETURN, nowUs, nowUs)
    fields[at + ring.RETURN_NUMBER] = number
    fields[at + ring.RETURN_PIPELINE] = pipeline
  }

  #cancelled(pipeline: number, { number, groups, left }: Cancellation, sinceUs: number): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.CANCEL, sinceUs, clockUs())
    fields[at + ring.CANCEL_NUMBER] = number
    fields[at + ring.CANCEL_PIPELINE] = pipeline
    fields[at + ring.CANCEL_GROUPS] = groups
    fields[at + ring.CANCEL_LEFT] = left
  }

  /** A row is about to be judged. */
  judging(): void {
    this.#judgedFromUs = clockUs()
  }

  judged({ request, choice, position }: Judge, token: TokenId, verdict: Verdict): void {
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.VERDICT, this.#judgedFromUs, clockUs())
    fields[at + ring.VERDICT_REQUEST] = request
    fields[at + ring.VERDICT_CHOICE] = choice
    fields[at + ring.VERDICT_POSITION] = position
    fields[at + ring.VERDICT_TOKEN] = token
    fields[at + ring.VERDICT_OUTCOME] = ring.OUTCOMES.indexOf(verdict)
  }

  asked(question: Question): void {
    this.#questions.set(question.question, { question, askedUs: clockUs() })
  }

  /** The question is over: with these guesses, or withdrawn. */
  answered(number: QuestionNumber, guesses: readonly { readonly token: TokenId }[] | undefined): void {
    const open = this.#questions.get(number)
    if (!open) return
    this.#questions.delete(number)
    const { request, choice, length, assumed } = open.question
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.QUESTION, open.askedUs, clockUs())
    fields[at + ring.QUESTION_NUMBER] = number
    fields[at + ring.QUESTION_REQUEST] = request
    fields[at + ring.QUESTION_CHOICE] = choice
    fields[at + ring.QUESTION_POSITION] = length + assumed.length
    fields[at + ring.QUESTION_GUESSES] = guesses?.length ?? -1
    fields[at + ring.QUESTION_TOKEN] = guesses?.[0]?.token ?? -1
  }
}
