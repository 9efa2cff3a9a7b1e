// The requests that run in the conductor: what the scheduler wants of each of them is done here. Whatever goes wrong with
// a request ends it, and no other.
import { Constraints } from '../constraint/constraints.ts'
import { assert } from '../errors.ts'
import type { EngineRequest, FromConductor, Numbered, RequestFigures, ToConductor } from '../messages.ts'
import type { ResidentFault } from '../pipeline/fault.ts'
import { describeRequestFault } from '../pipeline/fault.ts'
import type { ResultRow, Returned } from '../pipeline/pipeline.ts'
import type { RequestId, SchedulerAction } from '../scheduler/events.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { AutoAdvisor } from '../speculation/auto/auto-advisor.ts'
import type { Drafter } from '../speculation/drafters/drafter.ts'
import type { Question } from '../speculation/question.ts'
import { clockUs } from '../wire/clock.ts'
import type { ConductorTrace } from './conductor-trace.ts'
import { type GenerationContext, LiveGeneration, type Sampled } from './live-generation.ts'
import { LiveScoring } from './live-scoring.ts'
import type { PipelineMeter } from './meter.ts'
import { PIECE_STEPS, Preparation } from './preparation.ts'
import { RequestStopwatch } from './request-stopwatch.ts'

type Action<Kind> = Extract<SchedulerAction, { kind: Kind }>

/** Who works for the requests, and who hears of them. */
export interface RequestParts {
  readonly scheduler: Scheduler
  readonly drafter: Drafter
  readonly advisor: AutoAdvisor
  readonly meter: PipelineMeter
  /** Of the draft model's pipeline. */
  readonly draftMeter: PipelineMeter | undefined
  readonly trace: ConductorTrace | undefined
  readonly tell: (message: FromConductor) => void
}

interface LiveRequest {
  readonly body: LiveGeneration | LiveScoring
  readonly stopwatch: RequestStopwatch
}

export class LiveRequests {
  readonly #parts: RequestParts
  readonly #live = new Map<RequestId, LiveRequest>()
  readonly #preparation = new Preparation()
  #context: GenerationContext

  constructor(parts: RequestParts, context: GenerationContext) {
    this.#parts = parts
    this.#context = context
  }

  setTokenBytes({ tokenBytes }: Extract<ToConductor, { kind: 'tokenBytes' }>): void {
    const constraints = new Constraints(tokenBytes, this.#context.vocabularySize)
    this.#context = { ...this.#context, tokenBytes, constraints }
  }

  /** Throws for a request that can never run. */
  begin(request: Numbered<EngineRequest>): void {
    const { scheduler, drafter, meter, draftMeter } = this.#parts
    const isDrafted = request.kind === 'generate' && request.draft !== undefined
    const stopwatch = new RequestStopwatch(meter, isDrafted ? draftMeter : undefined, nowMs())
    const body = request.kind === 'generate' ? new LiveGeneration(request, this.#context) : new LiveScoring(request)
    scheduler.handle({ kind: 'request', request: request.request, work: body.work, atUs: schedulerUs() })
    this.#live.set(request.request, { body, stopwatch })
    if (body instanceof LiveGeneration) for (const choice of body.draftedChoices) drafter.begin(choice)
  }

  /** The request may have ended while the message was on its way. */
  abort(request: RequestId): void {
    if (this.#live.has(request)) this.#parts.scheduler.handle({ kind: 'abort', request })
  }

  /** How long a stage went on with a micro-batch after all its rows had been cancelled. */
  noteStop(us: number): void {
    for (const { stopwatch } of this.#live.values()) stopwatch.noteStop(us)
  }

  ask(question: Question): void {
    const { drafter, trace } = this.#parts
    const { request } = question
    const beganUs = clockUs()
    trace?.asked(question)
    try {
      drafter.ask(question)
    } catch (error) {
      return this.fail(request, describeRequestFault(error))
    }
    this.#live.get(request)!.stopwatch.noteDrafting(clockUs() - beganUs)
  }

  judge(action: Action<'judge'>, returned: Returned): void {
    const { request, row } = action
    if (returned.nanCount(row) > 0) return this.#failNaN(request, returned.nanCount(row))
    this.#parts.trace?.judging()
    const { body } = this.#live.get(request)!
    assert(body instanceof LiveGeneration, 'a scored row is not judged')
    this.#answer(action, body, returned)
  }

  /** Draws the token that was deferred. */
  draw(action: Action<'draw'>): void {
    this.#parts.trace?.judging()
    const { body } = this.#live.get(action.request)!
    this.#answer(action, body as LiveGeneration, undefined)
  }

  #answer(action: Action<'judge' | 'draw'>, body: LiveGeneration, returned: Returned | undefined): void {
    const { scheduler, trace } = this.#parts
    const { request, choice, position } = action
    const sampled = this.#sample(action, body, returned)
    if (!sampled) return
    const { token, ends, shown } = sampled
    // The scheduler does not emit a token that ends its choice; one that completes a stop string is still text.
    if (ends && shown) this.emit({ request, choice, token })
    scheduler.handle({ kind: 'token', token, stop: ends, atUs: schedulerUs() })
    trace?.judged(action, token, scheduler.verdict)
    if (!ends && body.needsPreparing(choice, position)) this.#preparation.expect({ request, choice, body })
  }

  /**
   * Undefined where the token is deferred; and where the sampler or the constraint fails, or leaves no token: so has the
   * request then.
   */
  #sample(action: Action<'judge' | 'draw'>, body: LiveGeneration, returned: Returned | undefined): Sampled | undefined {
    const { request, choice, position } = action
    const row = action.kind === 'judge' ? returned!.row(action.row) : undefined
    const mayDefer = action.kind === 'judge' && action.mayDefer
    try {
      let sampled = body.sample(choice, row, position)
      if (!sampled) {
        const isPrepared = body.prepare(choice, mayDefer ? PIECE_STEPS : Number.POSITIVE_INFINITY)
        if (!isPrepared) return this.#defer(action, body, row!)
        sampled = body.sample(choice, row, position)!
      }
      if (sampled.shown) this.#parts.drafter.accept(request, choice, sampled.token)
      return sampled
    } catch (error) {
      this.fail(request, describeRequestFault(error))
      return undefined
    }
  }

  #defer({ request, choice }: Action<'judge' | 'draw'>, body: LiveGeneration, row: ResultRow): undefined {
    body.keep(choice, row)
    this.#preparation.defer({ request, choice, body })
    this.#parts.scheduler.handle({ kind: 'deferred' })
  }

  /** One piece of the work that has time, or that tokens wait for. Returns whether there was any. */
  prepare(isIdle: boolean): boolean {
    if (!this.#preparation.hasWork(isIdle)) return false
    const prepared = this.#preparation.work()
    if (prepared) this.#parts.scheduler.handle({ ...prepared, kind: 'drawable', atUs: schedulerUs() })
    return true
  }

  emit({ request, choice, token }: Omit<Action<'emit'>, 'kind'>): void {
    this.#live.get(request)!.stopwatch.noteToken(choice, nowMs())
    this.#parts.tell({ kind: 'token', request, choice, token })
  }

  score({ request, row, position }: Action<'score'>, returned: Returned): void {
    if (returned.nanCount(row) > 0) return this.#failNaN(request, returned.nanCount(row))
    const { body } = this.#live.get(request)!
    assert(body instanceof LiveScoring, 'a generated row is judged, not scored')
    try {
      const found = body.report(returned.row(row), position)
      if (found) this.#parts.tell({ ...found, request })
    } catch (error) {
      return this.fail(request, describeRequestFault(error))
    }
    this.#parts.scheduler.handle({ kind: 'scored' })
  }

  #failNaN(request: RequestId, count: number): void {
    this.fail(request, { code: 'logits_nan', message: `expected logits that are numbers, found ${count} NaN` })
  }

  /** Ends a request; the abort is also the answer to a question about it. */
  fail(request: RequestId, fault: ResidentFault): void {
    this.#parts.tell({ kind: 'failed', request, ...fault })
    this.#parts.scheduler.handle({ kind: 'abort', request })
  }

  /** A request is over: its figures are the last that is told of it. */
  finish({ request, drafts, reused }: Action<'done'>): void {
    const { advisor, drafter, tell } = this.#parts
    const { body, stopwatch } = this.#live.get(request)!
    const generation = body.work.kind === 'generate' ? body.work : undefined
    const choices = generation?.choices ?? 0
    const auto = advisor.takeReport(request)
    const plain = advisor.plainStep(choices)
    try {
      const policy: RequestFigures['policy'] = generation?.draft?.policy ?? 'off'
      const said = { drafts, reused, auto, plain, policy, drafter: generation?.draft ? drafter.name : null }
      tell({ kind: 'done', request, figures: { ...stopwatch.figures(nowMs()), ...said } })
    } catch (error) {
      tell({ kind: 'failed', request, ...describeRequestFault(error) })
    }
    for (let choice = 0; choice < choices; choice++) drafter.end(request, choice)
    if (body instanceof LiveGeneration) this.#preparation.forget(body)
    this.#live.delete(request)
  }
}

/** Milliseconds since the epoch, comparable between threads. */
const nowMs = (): number => performance.timeOrigin + performance.now()

/** What the scheduler takes as time. */
export const schedulerUs = (): number => Math.round(performance.now() * 1000)
