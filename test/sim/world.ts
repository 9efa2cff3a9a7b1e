// One simulated run: the real scheduler, cells and codec, virtual stages, a virtual clock. Laws are checked after every
// step; at the end every request must have written exactly its solo text.

import type { Random } from '../../bench/forge/random.ts'
import type { MicroBatchNumber } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import { perform } from '../../engine/pipeline/pipeline.ts'
import { type DraftFigures, IDLE, type SchedulerAction, type SchedulerEvent } from '../../engine/scheduler/events.ts'
import { checkIdle, checkInvariants } from '../../engine/scheduler/invariants.ts'
import type { Planner } from '../../engine/scheduler/planner.ts'
import type { Flight, TransitionCounts } from '../../engine/scheduler/run.ts'
import { Scheduler } from '../../engine/scheduler/scheduler.ts'
import { noDrafts } from '../../engine/scheduler/sequence.ts'
import { AutoAdvisor } from '../../engine/speculation/auto/auto-advisor.ts'
import { StepCosts } from '../../engine/speculation/auto/step-costs.ts'
import { CellWork, type SimulatedPipeline } from './cell-work.ts'
import { Copier } from './copies.ts'
import { Deferrals } from './deferrals.ts'
import { ScriptedDrafter, type SimulatedDrafter } from './drafter.ts'
import { expectedCells, STOP_TOKEN, sample } from './model.ts'
import { ModelledDrafter } from './modelled-drafter.ts'
import type { PlannedCopy, Scenario } from './scenario.ts'
import { SharingLaws } from './sharing-laws.ts'
import { Transcript } from './transcript.ts'

/** Actions whose performance changes the scheduler. */
const ANSWERED: ReadonlySet<SchedulerAction['kind']> = new Set(['judge', 'draw', 'score', 'fault'])

export class World {
  readonly scheduler: Scheduler
  readonly cells: CellWork
  readonly pipeline: SimulatedPipeline
  /** Sums over all requests. */
  readonly drafts = noDrafts()
  /** Micro-batches with prompts beside rows that decode, and with several prompts. */
  mixed = 0
  shared = 0
  /** Prompt tokens that were in the session's cells. */
  reused = 0
  readonly transcripts: ReadonlyMap<number, Transcript>
  readonly #scenario: Scenario
  readonly #random: Random
  #returned: ReturnType<SimulatedPipeline['collect']>
  #noticeAt = Number.POSITIVE_INFINITY
  /** When the conductor hears that the first stage is done with a micro-batch, and with which. */
  #passAt = Number.POSITIVE_INFINITY
  #passed = -1
  readonly drafter: SimulatedDrafter
  readonly copier: Copier
  readonly #laws: SharingLaws
  /** When the scheduler wants to be woken. */
  #wakeAt = Number.POSITIVE_INFINITY
  readonly deferrals: Deferrals

  constructor(scenario: Scenario, random: Random, planner?: Planner) {
    this.#scenario = scenario
    this.drafter = scenario.hasDraftModel
      ? new ModelledDrafter(scenario, random)
      : new ScriptedDrafter(scenario, random)
    this.#random = random
    this.scheduler = new Scheduler(scenario.limits, { advisor: newAdvisor(scenario), prices: scenario.prices, planner })
    this.cells = new CellWork(scenario.limits, random, () => drawFaults(scenario, random))
    this.pipeline = this.cells.pipeline()
    this.#laws = new SharingLaws(scenario.limits)
    this.copier = new Copier(scenario.copies, this.cells, this.#laws, random)
    this.deferrals = new Deferrals(scenario, random)
    this.transcripts = new Map(scenario.requests.map((planned) => [planned.id, new Transcript(planned)]))
  }

  /** Runs until nothing is left to do, or until `endAt`. */
  run(endAt = Number.POSITIVE_INFINITY): void {
    const outside = userEvents(this.#scenario)
    for (;;) {
      const userAt = outside[0]?.at ?? Number.POSITIVE_INFINITY
      const [drafter, copier, deferral] = [this.drafter, this.copier, this.deferrals].map(({ nextTime }) => nextTime)
      const others = Math.min(drafter!, copier!, deferral!, this.#wakeAt)
      const next = Math.min(userAt, this.pipeline.nextTime, this.#noticeAt, this.#passAt, others)
      if (next === Number.POSITIVE_INFINITY || next > endAt) break
      if (userAt === next) this.#userActs(outside.shift()!)
      else if (drafter === next) this.#drafted(next)
      else if (copier === next) this.#tell(this.copier.end(next), next)
      else if (deferral === next) this.#tell(this.deferrals.drawable(), next)
      else if (this.#wakeAt === next) this.#wake(next)
      else if (this.#passAt === next) this.#pass(next)
      else if (this.#noticeAt === next) this.#notice(next)
      else this.pipeline.step(next)
      if (this.#noticeAt === Number.POSITIVE_INFINITY && this.pipeline.returnsAt < Number.POSITIVE_INFINITY) {
        this.#noticeAt = next + this.#random.int(0, this.#scenario.conductorDelayMax)
      }
      if (this.#passAt === Number.POSITIVE_INFINITY && this.pipeline.passed > this.#passed) {
        this.#passAt = next + this.#random.int(0, this.#scenario.conductorDelayMax)
      }
    }
  }

  /** The pipeline has drained: nothing may be left over. */
  checkEnd(): void {
    const { cells, requests, admission, runTable, kept, transfers } = this.scheduler.insides
    assert(transfers.live.size === 0, 'a transfer was not opened')
    assert(
      runTable.flights.length === 0 && requests.size === 0 && admission.waitingCount === 0,
      'requests are left over',
    )
    for (const { tokens, cells: own } of kept.all()) {
      assert(`${this.cells.read(own)}` === `${expectedCells(tokens)}`, 'a kept text has other cells')
    }
    assert(cells.freeCount + cells.keptCount === cells.capacity, 'KV cells have leaked')
    assert(
      this.scheduler.insides.drafting.openCount === 0 && this.drafter.openCount === 0,
      'questions to the drafter are open',
    )
    this.drafter.checkEnd()
    for (const transcript of this.transcripts.values()) transcript.check(this.#scenario.limits.contextLength)
  }

  #userActs({ at, act, copy }: UserEvent): void {
    if (act?.kind === 'abort') this.#abort(act.request)
    else {
      const event = copy ? this.copier.restore(copy) : act
      if (event) this.scheduler.handle({ ...event, atUs: at * 100 })
    }
    this.#drain(at)
  }

  #wake(now: number): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#tell({ kind: 'tick' }, now)
  }

  #tell(event: SchedulerEvent, now: number): void {
    this.scheduler.handle({ ...event, atUs: now * 100 })
    this.#drain(now)
  }

  #abort(request: number): void {
    const transcript = this.transcripts.get(request)!
    if (!transcript.done) transcript.aborted = true
    this.scheduler.handle({ kind: 'abort', request })
  }

  #notice(now: number): void {
    this.#noticeAt = Number.POSITIVE_INFINITY
    this.pipeline.now = now
    this.#returned = this.pipeline.collect()!
    const { number, faults } = this.#returned
    this.scheduler.handle({ kind: 'returned', number, faults, atUs: now * 100 })
    this.#drain(now)
    assert(!this.#returned, 'a returned micro-batch was not released')
  }

  #pass(now: number): void {
    this.#passAt = Number.POSITIVE_INFINITY
    this.#passed = this.pipeline.passed
    this.scheduler.handle({ kind: 'passed', number: this.#passed as MicroBatchNumber, atUs: now * 100 })
    this.#drain(now)
  }

  #drafted(now: number): void {
    const answer = this.drafter.step(now)
    if (!answer) return
    const { question, guesses } = answer
    this.scheduler.handle({ kind: 'answered', question, guesses, atUs: now * 100 })
    this.#drain(now)
  }

  #drain(now: number): void {
    checkInvariants(this.scheduler)
    for (;;) {
      const action = this.scheduler.poll()
      checkInvariants(this.scheduler)
      if (action === IDLE) break
      this.#perform(action, now)
      if (ANSWERED.has(action.kind)) checkInvariants(this.scheduler)
    }
    checkIdle(this.scheduler)
  }

  #perform(action: SchedulerAction, now: number): void {
    this.pipeline.now = now
    if (action.kind === 'release') this.#returned = undefined
    if (action.kind === 'submit') this.#noteSubmission(this.scheduler.insides.runTable.flights.at(-1)!)
    if (perform(this.pipeline, action)) return
    switch (action.kind) {
      case 'judge':
        this.#judge(action, now)
        break
      case 'draw':
        this.transcripts.get(action.request)!.ask(action.choice, action.position)
        this.#answer(action, this.deferrals.result(action))
        break
      case 'score':
        this.transcripts.get(action.request)!.score(action.position, this.#result(action.row))
        this.scheduler.handle({ kind: 'scored' })
        break
      case 'transfer':
        this.copier.open(action, now)
        break
      case 'wake':
        this.#wakeAt = action.atUs / 100
        break
      case 'expired':
        this.copier.expire(action.request)
        break
      case 'ask':
        this.drafter.ask(action, this.transcripts.get(action.request)!.length(action.choice), now)
        break
      case 'withdraw':
        this.drafter.withdraw(action.question, now)
        break
      case 'fault':
        this.#abort(action.request)
        break
      case 'emit':
        this.transcripts.get(action.request)!.emit(action.choice, action.token)
        break
      case 'finish':
        this.transcripts.get(action.request)!.finish(action.choice, action.reason)
        break
      case 'done': {
        this.transcripts.get(action.request)!.finishAll()
        this.drafter.end(action.request, now)
        this.reused += action.reused
        const { drafted, accepted, cancelled, wasted } = action.drafts
        assert(drafted === accepted + cancelled + wasted, 'drafted rows do not add up')
        for (const key of Object.keys(this.drafts) as (keyof DraftFigures)[]) this.drafts[key] += action.drafts[key]
        break
      }
    }
  }

  #noteSubmission(flight: Flight): void {
    this.#laws.submitted(flight)
    const { groups, decodeCount } = flight
    const prompts = groups.filter(({ kind }) => kind === 'prefill').length
    if (prompts > 0 && decodeCount > 0) this.mixed++
    if (prompts > 1) this.shared++
  }

  #judge(action: Extract<SchedulerAction, { kind: 'judge' }>, now: number): void {
    const result = this.#result(action.row)
    this.transcripts.get(action.request)!.ask(action.choice, action.position)
    if (this.deferrals.defers(action, result, now)) this.scheduler.handle({ kind: 'deferred' })
    else this.#answer(action, result)
  }

  #answer({ request, choice }: { readonly request: number; readonly choice: number }, result: number): void {
    if (this.#random.chance(this.#scenario.faultChance)) {
      this.#abort(request)
      return
    }
    const token = sample(result, request, choice)
    this.scheduler.handle({ kind: 'token', token, stop: token === STOP_TOKEN })
  }

  #result(row: number): number {
    assert(this.#returned, 'a question without an open micro-batch')
    return this.#returned.result(row)
  }
}

function newAdvisor({ limits }: Scenario): AutoAdvisor {
  return new AutoAdvisor(new StepCosts(limits.stages), limits.headRowsMax)
}

function drawFaults({ faultChance }: Scenario, random: Random): number {
  return random.chance(faultChance) ? random.int(1, 0xffff) : 0
}

interface UserEvent {
  readonly at: number
  readonly act?: Extract<SchedulerEvent, { kind: 'request' | 'abort' | 'forget' | 'hold' }>
  /** Write back what has been read. */
  readonly copy?: PlannedCopy
}

function userEvents({ requests, forgotten, copies }: Scenario): UserEvent[] {
  const events: UserEvent[] = []
  for (const { id: request, work, at, abortAt } of requests) {
    events.push({ at, act: { kind: 'request', request, work } })
    if (abortAt !== undefined) events.push({ at: abortAt, act: { kind: 'abort', request } })
  }
  for (const copy of copies) {
    events.push({ at: copy.readAt, act: { kind: 'hold', request: copy.readId, session: copy.from } })
    events.push({ at: copy.writeAt, copy })
  }
  for (const { session, at } of forgotten) events.push({ at, act: { kind: 'forget', session } })
  return events.sort((a, b) => a.at - b.at)
}

/** Adds the counts of one run to those of many. */
export function addCounts(into: TransitionCounts, from: TransitionCounts): void {
  for (const [state, events] of Object.entries(from)) {
    const sums = into[state as keyof TransitionCounts]
    for (const [event, count] of Object.entries(events)) {
      const key = event as keyof typeof sums
      sums[key] = (sums[key] ?? 0) + count
    }
  }
}
