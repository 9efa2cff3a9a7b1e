// The conductor thread: drives the pure scheduler. It turns messages of the caller and returned micro-batches into
// events, and actions into ring writes, cell-table writes, mask stores, sampler calls and messages. It decides nothing
// about runs and computes no layer; the scheduler decides, the stages compute.
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { MicroBatchNumber } from '../domain.ts'
import { HEADROOM, PIN_US } from '../limits.ts'
import type { FromConductor, ToConductor } from '../messages.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import { type ControlLayout, checkRunning, PipelineEnded } from '../pipeline/control.ts'
import { waitBell } from '../pipeline/doorbell.ts'
import { describeFault, describeRequestFault, OVERFLOW, type ResidentFault } from '../pipeline/fault.ts'
import { type Pipeline, perform, type Returned } from '../pipeline/pipeline.ts'
import { type PipelinePart, SharedPipeline } from '../pipeline/shared-pipeline.ts'
import { createScratch, Sampler } from '../sampling/sampler.ts'
import { IDLE, type SchedulerAction, type SchedulerLimits } from '../scheduler/events.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { AutoAdvisor } from '../speculation/auto/auto-advisor.ts'
import { StepCosts } from '../speculation/auto/step-costs.ts'
import { CostModel } from '../speculation/costs/cost-model.ts'
import type { CostShape } from '../speculation/costs/cost-shape.ts'
import type { Drafter, DrafterHost, DrafterParts } from '../speculation/drafters/drafter.ts'
import { createDrafter } from '../speculation/drafters/index.ts'
import { clockUs } from '../wire/clock.ts'
import { ConductorTrace, DRAFTER, TARGET } from './conductor-trace.ts'
import type { GenerationContext } from './live-generation.ts'
import { LiveRequests, schedulerUs } from './live-requests.ts'
import { PipelineMeter } from './meter.ts'
import { StandingStages } from './standing-stages.ts'
import { readingShare, StepWatcher } from './step-watcher.ts'
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
  /** What micro-batches of the target take, or that it is to be measured. */
  readonly costs: CostShape | 'measured' | undefined
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
  /** As the scheduler drives it. */
  readonly #pipeline: Pipeline
  /** Behind it, with nobody who watches. */
  readonly #stages: Pipeline
  readonly #prices: CostModel
  readonly #drafter: Drafter
  readonly #requests: LiveRequests
  readonly #transfers: Transfers
  readonly #trace: ConductorTrace | undefined
  /** The micro-batch whose rows are being judged. */
  #returned: Returned | undefined
  /** The last micro-batch that the scheduler has heard the first stage is done with. */
  #passed = -1
  /** When the scheduler wants to be woken. */
  #wakeUs = Number.POSITIVE_INFINITY
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
    const noteStop = (us: number) => this.#requests.noteStop(us)
    const meter = new PipelineMeter(control, this.#layout, sizes.lanes, clockUs(), noteStop)
    const draftMeter = draft && new PipelineMeter(control, draft.words, draft.plan.sizes.lanes, clockUs())
    const shared = new SharedPipeline(control, target)
    this.#stages = shared
    this.#prices = new CostModel(stages.length, readingShare(plan))
    const watchers = [meter, new StepWatcher(this.#prices, stages.length)]
    this.#pipeline = new WatchedPipeline(shared, this.#trace ? [...watchers, this.#trace.watch(TARGET)] : watchers)
    const scratch = createScratch(vocabularySize)
    const isDrafterLight = draft === undefined
    const costs = new StepCosts(stages.length, { sharesCores: !isDrafterLight && plan.sharesCores, isDrafterLight })
    const advisor = new AutoAdvisor(costs, sizes.headRowsMax)
    this.#scheduler = new Scheduler(limitsOf(target), { advisor, prices: this.#prices })
    const tell = (message: FromConductor) => this.#outbox.push(message)
    this.#transfers = new Transfers(this.#scheduler, stages, shared.memories, tell)
    const host: DrafterHost = {
      answer: (question, guesses) => {
        this.#trace?.answered(question, guesses)
        this.#scheduler.handle({ kind: 'answered', question, guesses, atUs: schedulerUs() })
      },
      fail: (request, error) => this.#requests.fail(request, describeRequestFault(error)),
    }
    const context = { vocabularySize, scratch, contextLength: sizes.contextLength }
    this.#drafter = createDrafter({ host, draft: draft && this.#draftParts(draft, context) })
    this.#requests = new LiveRequests(
      { scheduler: this.#scheduler, drafter: this.#drafter, advisor, meter, draftMeter, trace: this.#trace, tell },
      { ...context, tokenBytes: undefined, constraints: undefined },
    )
  }

  #draftParts(
    draft: PipelinePart,
    { vocabularySize, scratch }: Pick<GenerationContext, 'vocabularySize' | 'scratch'>,
  ): DrafterParts['draft'] {
    const shared = new SharedPipeline(this.#control, draft)
    const size = Math.min(draft.vocabularySize, vocabularySize)
    const ranking = { vocabularySize: size, scratch, tokenBytes: undefined }
    return {
      limits: limitsOf(draft),
      pipeline: this.#trace ? new WatchedPipeline(shared, [this.#trace.watch(DRAFTER)]) : shared,
      newRanker: ({ parameters, choice, prompt }) => new Sampler(parameters, choice, ranking, prompt),
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
      const ticked = this.#tick()
      const progressed = received || collected || drafted || passed || ticked
      // While the caller has not read the last batch, tokens wait for the next one; before parking all is sent.
      if (!progressed || Atomics.load(this.#control, inbox) === 0) this.#send()
      const prepared = this.#requests.prepare(!progressed)
      if (prepared) this.#drain()
      if (!progressed && !prepared) {
        waitBell(this.#control, conductorBell, seen, this.#plan.spins.conductor, this.#restMs)
      }
    }
  }

  #awaitStages(): void {
    const { target, draft, costs } = this.#payload
    const standing = new StandingStages(this.#control, this.#layout)
    const loadUs = standing.await([target, ...(draft ? [draft] : [])].map(({ plan }) => plan))
    const measured = costs === 'measured' ? standing.measure(this.#stages, target, loadUs) : undefined
    const shape = costs === 'measured' ? measured : costs
    if (shape) this.#prices.takeShape(shape)
    this.#outbox.push({ kind: 'ready', measured })
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
    if (message.kind === 'tokenBytes') return this.#requests.setTokenBytes(message)
    if (message.kind === 'forget') {
      this.#scheduler.handle({ ...message, atUs: schedulerUs() })
      return this.#tellKept()
    }
    const { request } = message
    if (message.kind === 'abort') {
      if (!this.#transfers.abort(request)) this.#requests.abort(request)
      return
    }
    try {
      if ('prompt' in message) this.#requests.begin(message)
      else this.#transfers.handle(message)
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
      this.#scheduler.handle({ kind: 'returned', number, faults, atUs: schedulerUs() })
      this.#drain()
    }
  }

  /** Tells a scheduler that speculates how far the first stage is: drafts go out when it has time. */
  #notePassed(): boolean {
    if (!this.#scheduler.wantsPassed) return false
    const number = this.#pipeline.passed
    if (number <= this.#passed) return false
    this.#passed = number
    this.#scheduler.handle({ kind: 'passed', number: number as MicroBatchNumber, atUs: schedulerUs() })
    this.#drain()
    return true
  }

  /** Wakes the scheduler when it wants to be. */
  #tick(): boolean {
    if (this.#wakeUs === Number.POSITIVE_INFINITY) return false
    const atUs = schedulerUs()
    if (atUs < this.#wakeUs) return false
    this.#wakeUs = Number.POSITIVE_INFINITY
    this.#scheduler.handle({ kind: 'tick', atUs })
    this.#drain()
    return true
  }

  /** How long the thread may rest. */
  get #restMs(): number {
    return this.#wakeUs === Number.POSITIVE_INFINITY ? this.#wakeUs : Math.max(0, this.#wakeUs - schedulerUs()) / 1000
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
        return this.#requests.judge(action, this.#returned!)
      case 'draw':
        return this.#requests.draw(action)
      case 'score':
        return this.#requests.score(action, this.#returned!)
      case 'ask':
        return this.#requests.ask(action)
      case 'withdraw':
        this.#trace?.answered(action.question, undefined)
        return this.#drafter.withdraw(action.question)
      case 'emit':
        return this.#requests.emit(action)
      case 'fault':
        return this.#requests.fail(action.request, OVERFLOW)
      case 'finish':
        this.#outbox.push(action)
        return
      case 'expired':
        return this.#transfers.expire(action.request)
      case 'wake':
        this.#wakeUs = action.atUs
        return
      case 'done':
        this.#tellKept()
        return this.#requests.finish(action)
    }
  }

  #tellKept(): void {
    this.#outbox.push({ kind: 'kept', figures: this.#scheduler.kept })
  }

  #send(): void {
    if (this.#outbox.length === 0) return
    Atomics.store(this.#control, this.#layout.inbox, 1)
    const moved = this.#outbox.flatMap((message) => (message.kind === 'bytes' ? [message.bytes.buffer] : []))
    this.#payload.port.postMessage(this.#outbox, moved)
    this.#outbox = []
  }
}

function limitsOf({ plan, vocabularySize }: PipelinePart): SchedulerLimits {
  const { stages, sizes, inFlightMax, gapPercent, queueMax } = plan
  const planned = { ...sizes, stages: stages.length, inFlightMax, gapPercent, queueMax }
  return { ...planned, vocabularySize, headroom: HEADROOM, pinUs: PIN_US }
}
