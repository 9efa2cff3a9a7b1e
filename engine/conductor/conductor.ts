// The conductor thread: drives the pure scheduler. It turns messages of the caller and returned micro-batches into
// events, and actions into ring writes, cell-table writes, mask stores, sampler calls and messages. It decides nothing
// about runs and computes no layer; the scheduler decides, the stages compute.
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Constraints } from '../constraint/constraints.ts'
import type { MicroBatchNumber, Position, TokenId } from '../domain.ts'
import type { FromConductor, ToConductor } from '../messages.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import { type ControlLayout, checkRunning, PipelineEnded } from '../pipeline/control.ts'
import { waitBell } from '../pipeline/doorbell.ts'
import type { ResidentFault } from '../pipeline/fault.ts'
import { describeFault, describeRequestFault } from '../pipeline/fault.ts'
import { type Pipeline, perform, type Returned } from '../pipeline/pipeline.ts'
import { type PipelinePart, SharedPipeline } from '../pipeline/shared-pipeline.ts'
import { createScratch, Sampler } from '../sampling/sampler.ts'
import { IDLE, type RequestId, type SchedulerAction, type SchedulerLimits } from '../scheduler/events.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { AutoAdvisor } from '../speculation/auto/auto-advisor.ts'
import { StepCosts } from '../speculation/auto/step-costs.ts'
import type { Drafter, DrafterHost, DrafterParts } from '../speculation/drafters/drafter.ts'
import { createDrafter } from '../speculation/drafters/index.ts'
import type { Question } from '../speculation/question.ts'
import { clockUs } from '../wire/clock.ts'
import { ConductorTrace, DRAFTER, TARGET } from './conductor-trace.ts'
import { LiveRequest, type RequestContext, type Sampled } from './live-request.ts'
import { PipelineMeter } from './meter.ts'
import { Transfers } from './transfers.ts'
import { WatchedPipeline } from './watched-pipeline.ts'

export interface ConductorPayload {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly target: PipelinePart
  /** The draft model's pipeline; without one n-grams draft. */
  readonly draft: PipelinePart | undefined
  readonly port: MessagePort
  /** Where its part of a trace goes, if one is taken. */
  readonly trace: SharedArrayBuffer | undefined
}

/** Entry of the resident; see pipeline/pool.ts. */
export default async function conduct(payload: ConductorPayload): Promise<ResidentFault | undefined> {
  try {
    new Conductor(payload).serve()
  } catch (error) {
    if (!(error instanceof PipelineEnded)) return describeFault('conductor', error)
  }
  return undefined
}

class Conductor {
  readonly #payload: ConductorPayload
  readonly #control: Int32Array
  readonly #layout: ControlLayout
  readonly #scheduler: Scheduler
  readonly #advisor: AutoAdvisor
  readonly #plan: ModelPlan
  readonly #pipeline: Pipeline
  readonly #drafter: Drafter
  readonly #requests = new Map<RequestId, LiveRequest>()
  readonly #transfers: Transfers
  readonly #trace: ConductorTrace | undefined
  /** The micro-batch whose rows are being judged. */
  #returned: Returned | undefined
  #context: RequestContext
  /** The last micro-batch that the scheduler has heard the first stage is done with. */
  #passed = -1
  /** Messages for the caller, sent together. */
  #outbox: FromConductor[] = []

  constructor(payload: ConductorPayload) {
    const { control, target, draft, trace } = payload
    const { plan, vocabularySize } = target
    const { stages, sizes } = plan
    this.#payload = payload
    this.#control = control
    this.#layout = target.words
    this.#plan = plan
    this.#trace = trace && new ConductorTrace(trace)
    const noteStop = (us: number) => {
      for (const live of this.#requests.values()) live.noteStop(us)
    }
    const meter = new PipelineMeter(control, this.#layout, sizes.lanes, clockUs(), noteStop)
    const shared = new SharedPipeline(control, target)
    this.#pipeline = new WatchedPipeline(shared, this.#trace ? [meter, this.#trace.watch(TARGET)] : [meter])
    const scratch = createScratch(vocabularySize)
    this.#context = {
      ...{ vocabularySize, scratch, meter },
      draftMeter: draft && new PipelineMeter(control, draft.words, draft.plan.sizes.lanes, clockUs()),
      tokenBytes: undefined,
      constraints: undefined,
      contextLength: sizes.contextLength,
    }
    const isDrafterLight = draft === undefined
    const costs = new StepCosts(stages.length, { sharesCores: !isDrafterLight && plan.sharesCores, isDrafterLight })
    this.#advisor = new AutoAdvisor(costs, sizes.headRowsMax)
    this.#scheduler = new Scheduler(limitsOf(target), this.#advisor)
    const tell = (message: FromConductor) => this.#outbox.push(message)
    this.#transfers = new Transfers(this.#scheduler, stages, shared.memories, tell)
    const host: DrafterHost = {
      answer: (question, guesses) => {
        this.#trace?.answered(question, guesses)
        this.#scheduler.handle({ kind: 'answered', question, guesses, atUs: nowUs() })
      },
      fail: (request, error) => this.#fail(request, describeRequestFault(error)),
    }
    this.#drafter = createDrafter({ host, draft: draft && this.#draftParts(draft) })
  }

  #draftParts(draft: PipelinePart): DrafterParts['draft'] {
    const { vocabularySize, scratch } = this.#context
    const shared = new SharedPipeline(this.#control, draft)
    const sharedSize = Math.min(draft.vocabularySize, vocabularySize)
    return {
      limits: limitsOf(draft),
      pipeline: this.#trace ? new WatchedPipeline(shared, [this.#trace.watch(DRAFTER)]) : shared,
      newRanker: ({ parameters, choice, prompt }) =>
        new Sampler(parameters, choice, sharedSize, scratch, Array.from(prompt)),
    }
  }

  serve(): never {
    const { conductorBell, inbox } = this.#layout
    this.#awaitStages()
    for (;;) {
      const seen = Atomics.load(this.#control, conductorBell)
      checkRunning(this.#control, this.#layout)
      const received = this.#receive()
      const collected = this.#collect()
      const drafted = this.#drafter.collect()
      if (drafted) this.#drain()
      const passed = this.#notePassed()
      const progressed = received || collected || drafted || passed
      // While the caller has not read the last batch, tokens wait for the next one; before parking all is sent.
      if (!progressed || Atomics.load(this.#control, inbox) === 0) this.#send()
      if (!progressed) waitBell(this.#control, conductorBell, seen, this.#plan.spins.conductor)
    }
  }

  #awaitStages(): void {
    const { target, draft } = this.#payload
    const threadsOf = ({ plan }: PipelinePart) => plan.stages.length * plan.sizes.lanes
    const threads = threadsOf(target) + (draft ? threadsOf(draft) : 0)
    const { ready, conductorBell } = this.#layout
    for (;;) {
      const seen = Atomics.load(this.#control, conductorBell)
      checkRunning(this.#control, this.#layout)
      if (Atomics.load(this.#control, ready) === threads) break
      waitBell(this.#control, conductorBell, seen, 0)
    }
    this.#outbox.push({ kind: 'ready' })
    this.#send()
  }

  /** Takes all messages of the caller. */
  #receive(): boolean {
    let received = false
    for (;;) {
      const envelope = receiveMessageOnPort(this.#payload.port)
      if (!envelope) return received
      received = true
      this.#begin(envelope.message as ToConductor)
      this.#drain()
    }
  }

  #begin(message: ToConductor): void {
    if (message.kind === 'tokenBytes') {
      const { tokenBytes, specials } = message
      const constraints = new Constraints(tokenBytes, specials, this.#context.vocabularySize)
      this.#context = { ...this.#context, tokenBytes, constraints }
      return
    }
    if (message.kind === 'forget') return this.#scheduler.handle(message)
    const { request } = message
    if (message.kind === 'abort') {
      if (this.#transfers.abort(request)) return
      // The request may have ended while the message was on its way.
      if (this.#requests.has(request)) this.#scheduler.handle({ kind: 'abort', request })
      return
    }
    try {
      if (!('prompt' in message)) return this.#transfers.handle(message)
      const live = new LiveRequest(message, this.#context, now())
      this.#scheduler.handle({ kind: 'request', request, work: live.work })
      this.#requests.set(request, live)
      for (const choice of live.draftedChoices(this.#plan.sizes.contextLength)) this.#drafter.begin(choice)
    } catch (error) {
      // A request that can never run is refused. Nobody else is rejected for its sake.
      this.#transfers.abort(request)
      this.#outbox.push({ kind: 'failed', request, ...describeRequestFault(error) })
    }
  }

  /** Takes all micro-batches that have left the pipeline. */
  #collect(): boolean {
    let collected = false
    for (;;) {
      this.#returned = this.#pipeline.collect()
      if (!this.#returned) return collected
      collected = true
      const { number, faults } = this.#returned
      this.#scheduler.handle({ kind: 'returned', number, faults, atUs: nowUs() })
      this.#drain()
    }
  }

  /** Tells a scheduler that speculates how far the first stage is: drafts go out when it has time. */
  #notePassed(): boolean {
    if (!this.#scheduler.wantsPassed) return false
    const number = this.#pipeline.passed
    if (number <= this.#passed) return false
    this.#passed = number
    this.#scheduler.handle({ kind: 'passed', number: number as MicroBatchNumber, atUs: nowUs() })
    this.#drain()
    return true
  }

  #drain(): void {
    for (;;) {
      const action = this.#scheduler.poll()
      if (action === IDLE) return
      this.#perform(action)
    }
  }

  #perform(action: SchedulerAction): void {
    if (perform(this.#pipeline, action)) return
    switch (action.kind) {
      case 'transfer':
        return this.#transfers.open(action)
      case 'judge':
        return this.#judge(action)
      case 'score':
        return this.#score(action)
      case 'ask':
        return this.#ask(action)
      case 'withdraw':
        this.#trace?.answered(action.question, undefined)
        return this.#drafter.withdraw(action.question)
      case 'emit':
        return this.#emit(action.request, action.choice, action.token)
      case 'fault':
        return this.#fail(action.request, OVERFLOW)
      case 'finish':
        this.#outbox.push(action)
        return
      case 'done':
        return this.#finish(action)
    }
  }

  #ask(question: Question): void {
    const { request } = question
    const beganUs = clockUs()
    this.#trace?.asked(question)
    try {
      this.#drafter.ask(question)
    } catch (error) {
      return this.#fail(request, describeRequestFault(error))
    }
    this.#requests.get(request)!.noteDrafting(clockUs() - beganUs)
  }

  #forget(request: RequestId): void {
    const { choiceCount } = this.#requests.get(request)!
    for (let choice = 0; choice < choiceCount; choice++) this.#drafter.end(request, choice)
    this.#requests.delete(request)
  }

  #judge(action: Extract<SchedulerAction, { kind: 'judge' }>): void {
    const { request, choice, row, position } = action
    const live = this.#requests.get(request)!
    if (this.#returned!.nanCount(row) > 0) return this.#failNaN(request, row)
    this.#trace?.judging()
    const sampled = this.#sample(request, live, choice, row, position)
    if (!sampled) return
    const { token, ends, shown } = sampled
    // The scheduler does not emit a token that ends its choice; one that completes a stop string is still text.
    if (ends && shown) this.#emit(request, choice, token)
    this.#scheduler.handle({ kind: 'token', token, stop: ends, atUs: nowUs() })
    this.#trace?.judged(action, token, this.#scheduler.verdict)
  }

  /** Undefined where the sampler or the constraint fails, or leaves no token; so has the request then. */
  #sample(request: RequestId, live: LiveRequest, choice: number, row: number, position: Position): Sampled | undefined {
    try {
      const sampled = live.sample(choice, this.#returned!.row(row), position)
      if (sampled.shown) this.#drafter.accept(request, choice, sampled.token)
      return sampled
    } catch (error) {
      this.#fail(request, describeRequestFault(error))
      return undefined
    }
  }

  #emit(request: RequestId, choice: number, token: TokenId): void {
    this.#requests.get(request)!.noteToken(choice, now())
    this.#outbox.push({ kind: 'token', request, choice, token })
  }

  #score({ request, row, position }: Extract<SchedulerAction, { kind: 'score' }>): void {
    if (this.#returned!.nanCount(row) > 0) return this.#failNaN(request, row)
    try {
      const found = this.#requests.get(request)!.report(request, this.#returned!.row(row), position)
      if (found) this.#outbox.push(found)
    } catch (error) {
      return this.#fail(request, describeRequestFault(error))
    }
    this.#scheduler.handle({ kind: 'scored' })
  }

  #failNaN(request: RequestId, row: number): void {
    const message = `expected logits that are numbers, found ${this.#returned!.nanCount(row)} NaN`
    this.#fail(request, { code: 'logits_nan', message })
  }

  /** What goes wrong with a request ends it, and no other; the abort is also the answer to a question about it. */
  #fail(request: RequestId, fault: ResidentFault): void {
    this.#outbox.push({ kind: 'failed', request, ...fault })
    this.#scheduler.handle({ kind: 'abort', request })
  }

  #finish({ request, drafts, reused }: Extract<SchedulerAction, { kind: 'done' }>): void {
    const live = this.#requests.get(request)!
    const auto = this.#advisor.takeReport(request)
    const plain = this.#advisor.plainStep(live.choiceCount)
    try {
      const figures = live.figures(now(), { drafts, reused, auto, plain, drafter: this.#drafter.name })
      this.#outbox.push({ kind: 'done', request, figures })
    } catch (error) {
      this.#outbox.push({ kind: 'failed', request, ...describeRequestFault(error) })
    }
    this.#forget(request)
  }

  #send(): void {
    if (this.#outbox.length === 0) return
    Atomics.store(this.#control, this.#layout.inbox, 1)
    const moved = this.#outbox.flatMap((message) => (message.kind === 'bytes' ? [message.bytes.buffer] : []))
    this.#payload.port.postMessage(this.#outbox, moved)
    this.#outbox = []
  }
}

const OVERFLOW: ResidentFault = {
  code: 'logits_nan',
  message: 'expected keys and values that fit the KV type, found an overflow',
}

function limitsOf({ plan, vocabularySize }: PipelinePart): SchedulerLimits {
  const { stages, sizes, inFlightMax } = plan
  return { ...sizes, stages: stages.length, inFlightMax, vocabularySize }
}

/** Milliseconds since the epoch, comparable between threads. */
const now = (): number => performance.timeOrigin + performance.now()

/** What the scheduler takes as time. */
const nowUs = (): number => Math.round(performance.now() * 1000)
