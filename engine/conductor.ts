// The conductor thread: drives the pure scheduler. It turns messages of the caller and returned micro-batches into
// events, and actions into ring writes, cell-table writes, mask stores, sampler calls and messages. It decides nothing
// about runs and computes no layer; the scheduler decides, the stages compute.
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { ConductorTrace, TARGET } from './conductor-trace.ts'
import { Constraints } from './constraint/constraints.ts'
import type { MicroBatchNumber, Position, TokenId } from './domain.ts'
import { DraftPipeline, type PipelinePart } from './draft-pipeline.ts'
import { DraftQuestions, timelineName } from './draft-questions.ts'
import { assert } from './errors.ts'
import { LiveRequest, type RequestContext, type Sampled } from './live-request.ts'
import type { FromConductor, RequestFigures, ToConductor } from './messages.ts'
import { PipelineMeter } from './meter.ts'
import type { ModelPlan } from './model/plan.ts'
import { clockUs, elapsedUs } from './pipeline/clock.ts'
import { encodeMicroBatch, setSentUs } from './pipeline/codec.ts'
import { type ControlLayout, checkRunning, MASK_ENTRIES, PipelineEnded } from './pipeline/control.ts'
import { waitBell } from './pipeline/doorbell.ts'
import { describeFault, describeRequestFault } from './pipeline/fault.ts'
import { armMask, clearMask } from './pipeline/masks.ts'
import { handOutMemories } from './pipeline/memories.ts'
import type { ResidentFault } from './pipeline/pool.ts'
import { type ResultRow, Results } from './pipeline/results.ts'
import { Ring } from './pipeline/ring.ts'
import { createScratch } from './sampling/sampler.ts'
import { type DraftNumber, IDLE, type RequestId, type SchedulerAction } from './scheduler/events.ts'
import { Scheduler } from './scheduler/scheduler.ts'
import { speculative } from './scheduler/speculative.ts'
import { Transfers } from './session/transfers.ts'
import { StepCosts } from './spec/step-costs.ts'

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
  readonly #plan: ModelPlan
  readonly #memories: readonly Int32Array[]
  readonly #input: Ring
  readonly #results: Results
  readonly #requests = new Map<RequestId, LiveRequest>()
  readonly #draftPipeline: DraftPipeline | undefined
  readonly #questions: DraftQuestions
  readonly #meter: PipelineMeter
  readonly #transfers: Transfers
  readonly #trace: ConductorTrace | undefined
  /** When a micro-batch's last row was cancelled, by its number modulo `MASK_ENTRIES`. */
  readonly #cancelledUs = new Int32Array(MASK_ENTRIES)
  #context: RequestContext
  /** Number of the micro-batch submitted last, and of the last one that the first stage is known to be done with. */
  #submitted = -1
  #passed = -1
  /** Messages for the caller, sent together. */
  #outbox: FromConductor[] = []

  constructor(payload: ConductorPayload) {
    const { control, target, draft, trace } = payload
    const { plan, lanePorts, vocabularySize } = target
    const { stages, sizes, inFlightMax } = plan
    const memories = handOutMemories(stages, lanePorts)
    this.#payload = payload
    this.#control = control
    this.#layout = target.words
    this.#plan = plan
    this.#memories = memories.map((buffer) => new Int32Array(buffer))
    const { rings, stageBells, conductorBell } = this.#layout
    this.#input = new Ring(control, rings[0]!, stages[0]!.range.inputSlots, conductorBell, stageBells[0]!)
    this.#results = new Results(control, this.#layout, stages.at(-1)!, memories.at(-1)!, vocabularySize)
    this.#trace = trace && new ConductorTrace(trace)
    this.#questions = new DraftQuestions(this.#requests, sizes.contextLength, this.#trace, {
      answer: (draft, guesses) => this.#scheduler.handle({ kind: 'drafted', draft, guesses, atUs: nowUs() }),
      fail: (request, fault) => this.#fail(request, fault),
    })
    this.#draftPipeline =
      draft && new DraftPipeline(control, draft, (number, row) => this.#drafted(number, row), this.#trace)
    this.#meter = new PipelineMeter(control, this.#layout, sizes.lanes, clockUs())
    this.#context = {
      vocabularySize,
      draftVocabularySize: draft && Math.min(draft.vocabularySize, vocabularySize),
      scratch: createScratch(vocabularySize),
      tokenBytes: undefined,
      meter: this.#meter,
      draftMeter: draft && new PipelineMeter(control, draft.words, draft.plan.sizes.lanes, clockUs()),
      constraints: undefined,
      contextLength: sizes.contextLength,
    }
    const limits = { ...sizes, stages: stages.length, inFlightMax, vocabularySize }
    const isDrafterLight = draft === undefined
    const costs = new StepCosts(stages.length, { sharesCores: !isDrafterLight && plan.sharesCores, isDrafterLight })
    this.#scheduler = new Scheduler(limits, speculative, costs)
    const tell = (message: FromConductor) => this.#outbox.push(message)
    this.#transfers = new Transfers(this.#scheduler, stages, memories, tell)
  }

  serve(): never {
    const { conductorBell, inbox } = this.#layout
    this.#awaitStages()
    for (;;) {
      const seen = Atomics.load(this.#control, conductorBell)
      checkRunning(this.#control, this.#layout)
      const received = this.#receive()
      const collected = this.#collect()
      const drafted = this.#draftPipeline?.collect() ?? false
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
      const number = this.#results.open()
      if (number === undefined) return collected
      collected = true
      this.#noteReturn(number)
      this.#scheduler.handle({ kind: 'returned', number, faults: this.#results.faults, atUs: nowUs() })
      this.#drain()
    }
  }

  #noteReturn(number: MicroBatchNumber): void {
    const nowUs = clockUs()
    this.#meter.returned(nowUs)
    this.#trace?.returned(TARGET, number, nowUs)
    const { stoppedUs } = this.#results
    if (stoppedUs === 0) return
    const us = elapsedUs(this.#cancelledUs[number % MASK_ENTRIES]!, stoppedUs)
    for (const live of this.#requests.values()) live.noteStop(us)
  }

  /** Tells a scheduler that speculates how far the first stage is: drafts go out when it has time. */
  #notePassed(): boolean {
    if (!this.#scheduler.drafting.isActive) return false
    const number = this.#submitted - this.#input.usedCount
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
    switch (action.kind) {
      case 'map':
        return this.#map(action)
      case 'submit':
        return this.#submit(action)
      case 'cancel':
        return this.#cancel(action.number, action.rows)
      case 'transfer':
        return this.#transfers.open(action)
      case 'judge':
        return this.#judge(action)
      case 'score':
        return this.#score(action)
      case 'draft':
        return this.#questions.ask(action, this.#draftPipeline)
      case 'undraft':
        this.#questions.withdraw(action.draft)
        return this.#draftPipeline?.withdraw(action.draft)
      case 'emit':
        return this.#emit(action.request, action.choice, action.token)
      case 'fault':
        return this.#fail(action.request, OVERFLOW)
      case 'finish':
        this.#outbox.push(action)
        return
      case 'done':
        return this.#finish(action)
      case 'release':
        return this.#results.release()
    }
  }

  #map({ sequence, from, cells }: Extract<SchedulerAction, { kind: 'map' }>): void {
    const { stages, sizes } = this.#plan
    stages.forEach(({ cellTable }, stage) => {
      this.#memories[stage]!.set(cells, (cellTable >>> 2) + sequence * sizes.contextLength + from)
    })
  }

  #submit(action: Extract<SchedulerAction, { kind: 'submit' }>): void {
    const { microBatch } = action
    const { address, stride } = this.#plan.stages[0]!.input
    const slot = this.#input.reserve()
    assert(slot >= 0, 'the first ring holds all micro-batches in flight')
    const record = (address + slot * stride) >>> 2
    const sentUs = clockUs()
    encodeMicroBatch(this.#memories[0]!, record, microBatch)
    setSentUs(this.#memories[0]!, record, sentUs)
    this.#meter.submitted(microBatch.kind === 'rows', sentUs)
    armMask(this.#control, this.#layout.masks, microBatch.number, microBatch.rows.length)
    this.#input.publish()
    this.#submitted = microBatch.number
    this.#trace?.submitted(action, sentUs)
  }

  #cancel(number: MicroBatchNumber, rows: number): void {
    // Read before the mask is cleared: a stage may stop at once.
    const nowUs = clockUs()
    const left = clearMask(this.#control, this.#layout.masks, number, rows)
    if (left === 0) this.#cancelledUs[number % MASK_ENTRIES] = nowUs
    this.#trace?.cancelled(TARGET, number, rows, left, nowUs)
  }

  #figures(done: Extract<SchedulerAction, { kind: 'done' }>): RequestFigures {
    const live = this.#requests.get(done.request)!
    return live.figures(now(), done, this.#scheduler.steering.plainStep(live.choiceCount))
  }

  #forget(request: RequestId): void {
    const live = this.#requests.get(request)!
    for (let choice = 0; choice < live.choiceCount; choice++) this.#draftPipeline?.end(timelineName(request, choice))
    this.#requests.delete(request)
  }

  /** The draft model has answered. */
  #drafted(draft: DraftNumber, row: ResultRow | undefined): void {
    this.#questions.answered(draft, row)
    this.#drain()
  }

  #judge(action: Extract<SchedulerAction, { kind: 'judge' }>): void {
    const { request, choice, row, position } = action
    const live = this.#requests.get(request)!
    if (this.#results.nanCount(row) > 0) return this.#failNaN(request, row)
    const drafts = this.#trace && this.#scheduler.requests.get(request)?.drafts
    if (drafts) this.#trace?.judging(drafts)
    const sampled = this.#sample(request, live, choice, row, position)
    if (!sampled) return
    const { token, ends, shown } = sampled
    // The scheduler does not emit a token that ends its choice; one that completes a stop string is still text.
    if (ends && shown) this.#emit(request, choice, token)
    this.#scheduler.handle({ kind: 'token', token, stop: ends, atUs: nowUs() })
    if (drafts) this.#trace?.judged(action, token, drafts)
  }

  /** Undefined where the sampler or the constraint fails, or leaves no token; so has the request then. */
  #sample(request: RequestId, live: LiveRequest, choice: number, row: number, position: Position): Sampled | undefined {
    try {
      return live.sample(choice, this.#results.row(row), position)
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
    if (this.#results.nanCount(row) > 0) return this.#failNaN(request, row)
    try {
      const found = this.#requests.get(request)!.report(request, this.#results.row(row), position)
      if (found) this.#outbox.push(found)
    } catch (error) {
      return this.#fail(request, describeRequestFault(error))
    }
    this.#scheduler.handle({ kind: 'scored' })
  }

  #failNaN(request: RequestId, row: number): void {
    const message = `expected logits that are numbers, found ${this.#results.nanCount(row)} NaN`
    this.#fail(request, { code: 'logits_nan', message })
  }

  /** What goes wrong with a request ends it, and no other; the abort is also the answer to a question about it. */
  #fail(request: RequestId, fault: ResidentFault): void {
    this.#outbox.push({ kind: 'failed', request, ...fault })
    this.#scheduler.handle({ kind: 'abort', request })
  }

  #finish(done: Extract<SchedulerAction, { kind: 'done' }>): void {
    const { request } = done
    try {
      this.#outbox.push({ kind: 'done', request, figures: this.#figures(done) })
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

/** Milliseconds since the epoch, comparable between threads. */
const now = (): number => performance.timeOrigin + performance.now()

/** What the scheduler takes as time. */
const nowUs = (): number => Math.round(performance.now() * 1000)
