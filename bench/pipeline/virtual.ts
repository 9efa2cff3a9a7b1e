// The real scheduler and its policies against a pipeline and a drafter that only take time, on a virtual clock. One
// request; the conductor's own time is not counted.
import type { MicroBatch, MicroBatchNumber } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import { type DraftFigures, IDLE, type SchedulerAction } from '../../engine/scheduler/events.ts'
import type { Planner } from '../../engine/scheduler/planner.ts'
import { Scheduler } from '../../engine/scheduler/scheduler.ts'
import { AutoAdvisor } from '../../engine/speculation/auto/auto-advisor.ts'
import type { AutoReport } from '../../engine/speculation/auto/autopilot.ts'
import type { PlainStep } from '../../engine/speculation/auto/plain-pace.ts'
import { StepCosts } from '../../engine/speculation/auto/step-costs.ts'
import { type Guess, PROBABILITY_ONE } from '../../engine/speculation/guess.ts'
import type { DraftParameters } from '../../engine/speculation/parameters.ts'
import { type LiteralRule, LiteralRules } from './literal.ts'
import { chanceAt, guessToken, hasGuess, jitterFactor, rightToken, VOCABULARY } from './script.ts'
import { inFlightMax, type PipelineSetting } from './setting.ts'

export interface VirtualFigures {
  readonly tokS: number
  readonly drafts: DraftFigures
  /** Share of the stages' time spent on rows. */
  readonly utilisation: number
  readonly auto: AutoReport | undefined
  /** What a step without guesses is forecast to take. */
  readonly plain: PlainStep | undefined
}

/** A micro-batch on its way. */
interface Travel {
  /** Absent where the scheduler does not know of it. */
  readonly number?: MicroBatchNumber
  alive: number
  rows: number
}

interface Stage {
  readonly queue: { readonly travel: Travel; readonly arrivesAt: number }[]
  current: Travel | undefined
  doneAt: number
  startedAt: number
  busyMs: number
}

/** What a run does without. */
export interface Ablation {
  /** Decides instead of the scheduler's own planner. */
  readonly planner?: Planner
  /** Stages do not hear of withdrawn rows. */
  readonly ignoresCancels?: boolean
  /** What is done twice besides. */
  readonly literal?: LiteralRule
  /** What `auto` believes at first. */
  readonly costs?: StepCosts
}

/** Generates `tokens` tokens; without `draft` plainly. */
export function runVirtual(
  setting: PipelineSetting,
  draft: DraftParameters | undefined,
  tokens: number,
  ablation: Ablation = {},
): VirtualFigures {
  return new VirtualRun(setting, draft, tokens, ablation).run()
}

class VirtualRun {
  readonly #setting: PipelineSetting
  readonly #ignoresCancels: boolean
  readonly #literal: LiteralRules | undefined
  readonly #tokens: number
  readonly #scheduler: Scheduler
  readonly #advisor: AutoAdvisor
  readonly #stages: Stage[]
  readonly #travels = new Map<number, Travel>()
  /** Micro-batches that reach the conductor, in order. */
  readonly #returning: { readonly travel: Travel; readonly arrivesAt: number }[] = []
  /** A row of a token that is certain was submitted since the last return. */
  #isCertainSent = false
  #question: { readonly question: number; readonly position: number; readonly answeredAt: number } | undefined
  #isRight = true
  #now = 0
  #emitted = 0
  #firstAt = 0
  #drafts: DraftFigures | undefined
  #auto: AutoReport | undefined

  constructor(setting: PipelineSetting, draft: DraftParameters | undefined, tokens: number, ablation: Ablation) {
    this.#setting = setting
    this.#ignoresCancels = ablation.ignoresCancels ?? false
    const { literal } = ablation
    this.#literal = literal && new LiteralRules(literal, setting.draftMs, setting.rowsMax)
    this.#tokens = tokens
    const contextLength = tokens + 1
    const limits = {
      stages: setting.stages,
      cells: contextLength + 256,
      sequences: 1,
      contextLength,
      inFlightMax: inFlightMax(setting),
      chunkRows: 64,
      headRowsMax: setting.rowsMax,
      vocabularySize: VOCABULARY,
    }
    const costs = ablation.costs ?? new StepCosts(setting.stages, { isDrafterLight: setting.repeats !== undefined })
    this.#advisor = new AutoAdvisor(costs, limits.headRowsMax)
    this.#scheduler = new Scheduler(limits, this.#advisor, ablation.planner)
    this.#stages = Array.from({ length: setting.stages }, () => ({
      queue: [],
      current: undefined,
      doneAt: Number.POSITIVE_INFINITY,
      startedAt: 0,
      busyMs: 0,
    }))
    const work = { kind: 'generate', prompt: [rightToken(0)], choices: 1, tokensMax: tokens, head: 'best' } as const
    this.#scheduler.handle({ kind: 'request', request: 0, work: draft ? { ...work, draft } : work })
  }

  run(): VirtualFigures {
    this.#drain()
    while (!this.#drafts) this.#step()
    const elapsedMs = this.#now - this.#firstAt
    const busyMs = this.#stages.reduce((sum, stage) => sum + stage.busyMs, 0)
    return {
      tokS: ((this.#tokens - 1) * 1000) / elapsedMs,
      drafts: this.#drafts,
      utilisation: busyMs / (this.#now * this.#stages.length),
      auto: this.#auto,
      plain: this.#advisor.plainStep(1),
    }
  }

  get #nowUs(): number {
    return Math.round(this.#now * 1000)
  }

  #step(): void {
    const answeredAt = this.#question?.answeredAt ?? Number.POSITIVE_INFINITY
    const returnsAt = this.#returning[0]?.arrivesAt ?? Number.POSITIVE_INFINITY
    const redraftedAt = this.#literal?.nextAt ?? Number.POSITIVE_INFINITY
    let next = Math.min(answeredAt, returnsAt, redraftedAt)
    for (const { doneAt, queue, current } of this.#stages) {
      const startsAt = current ? Number.POSITIVE_INFINITY : (queue[0]?.arrivesAt ?? Number.POSITIVE_INFINITY)
      next = Math.min(next, doneAt, startsAt)
    }
    assert(next !== Number.POSITIVE_INFINITY, 'the virtual pipeline is stuck')
    this.#now = next
    if (returnsAt === next) this.#return()
    else if (redraftedAt === next) this.#redraft()
    else if (answeredAt === next) this.#answer()
    else for (let stage = 0; stage < this.#stages.length; stage++) this.#advance(stage)
  }

  #advance(index: number): void {
    const stage = this.#stages[index]!
    if (stage.current && stage.doneAt <= this.#now) {
      const travel = stage.current
      stage.current = undefined
      stage.doneAt = Number.POSITIVE_INFINITY
      stage.busyMs += this.#now - stage.startedAt
      const arrivesAt = this.#now + this.#setting.hopMs
      const next = this.#stages[index + 1]
      if (next) next.queue.push({ travel, arrivesAt })
      else if (travel.number !== undefined) this.#returning.push({ travel, arrivesAt })
      if (index === 0 && travel.number !== undefined) {
        this.#scheduler.handle({ kind: 'passed', number: travel.number, atUs: this.#nowUs })
        this.#drain()
      }
    }
    const [waiting] = stage.queue
    if (stage.current || !waiting || waiting.arrivesAt > this.#now) return
    stage.queue.shift()
    const { travel } = waiting
    stage.current = travel
    stage.startedAt = this.#now
    const { headerMs, stageMs } = this.#setting
    const rowsMs = stageMs(aliveRows(travel)) * jitterFactor(this.#setting, index, travel.number ?? 0)
    stage.doneAt = this.#now + (travel.alive === 0 ? headerMs : rowsMs)
  }

  #return(): void {
    const number = this.#returning.shift()!.travel.number!
    const emitted = this.#emitted
    this.#isCertainSent = false
    this.#travels.delete(number)
    this.#scheduler.handle({ kind: 'returned', number, atUs: this.#nowUs })
    this.#drain()
    if (this.#literal && this.#emitted > emitted) this.#accepted(this.#literal)
  }

  #accepted(literal: LiteralRules): void {
    // The prompt is one token.
    const repeat = literal.accepted(this.#emitted + 1, !this.#isCertainSent, this.#now)
    for (const { current } of this.#stages) if (current?.alive === 0) this.#stop(current)
    if (repeat) this.#stages[0]!.queue.push({ travel: repeat, arrivesAt: this.#now })
    if (!this.#question || !literal.isRedrafting) return
    const { question, position } = this.#question
    this.#question = { question, position, answeredAt: literal.asked(position, this.#now) + this.#setting.draftMs }
  }

  #redraft(): void {
    const { current, queue } = this.#stages[0]!
    const repeat = this.#literal!.redrafted(this.#now, !current && queue.length === 0)
    if (repeat) queue.push({ travel: repeat, arrivesAt: this.#now })
  }

  #answer(): void {
    const { question, position } = this.#question!
    this.#question = undefined
    this.#literal?.answered(position)
    const guesses = hasGuess(this.#setting, position) ? [this.#guess(position)] : []
    this.#scheduler.handle({ kind: 'answered', question, guesses, atUs: this.#nowUs })
    this.#drain()
  }

  #guess(position: number): Guess {
    const token = guessToken(this.#setting, position, this.#isRight)
    const { spread, repeats, claim } = this.#setting
    const chance = claim ?? (spread || repeats !== undefined ? chanceAt(this.#setting, position) : 1)
    return { parent: -1, token, probability: Math.round(chance * PROBABILITY_ONE) }
  }

  #drain(): void {
    for (let action = this.#scheduler.poll(); action !== IDLE; action = this.#scheduler.poll()) this.#perform(action)
  }

  #perform(action: SchedulerAction): void {
    switch (action.kind) {
      case 'submit':
        this.#isCertainSent ||= action.purpose === 'decode'
        return this.#submit(action.microBatch)
      case 'cancel':
        return this.#cancel(action.number, action.rows)
      case 'judge':
        return this.#scheduler.handle({ kind: 'token', token: rightToken(action.position), stop: false })
      case 'ask': {
        const { question, length, assumed } = action
        assert(!this.#question, 'one sequence asks one question at a time')
        this.#isRight = assumed.every((token, i) => token === rightToken(length + i))
        const position = length + assumed.length
        const beginsAt = this.#literal?.asked(position, this.#now) ?? this.#now
        this.#question = { question, position, answeredAt: beginsAt + this.#setting.draftMs }
        return
      }
      case 'withdraw':
        this.#question = undefined
        return
      case 'emit':
        if (this.#emitted++ === 0) this.#firstAt = this.#now
        return
      case 'done':
        this.#drafts = action.drafts
        this.#auto = this.#advisor.takeReport(action.request)
        return
    }
  }

  #submit({ number, kind, rows }: MicroBatch): void {
    const alive = kind === 'chunk' || rows.length >= 32 ? -1 : (1 << rows.length) - 1
    const travel: Travel = { number, alive, rows: rows.length }
    this.#travels.set(number, travel)
    this.#stages[0]!.queue.push({ travel, arrivesAt: this.#now })
  }

  /** Clears rows; a stage that works on nothing else any more stops at its next look. */
  #cancel(number: MicroBatchNumber, rows: number): void {
    if (this.#ignoresCancels) return
    const travel = this.#travels.get(number)!
    travel.alive &= ~rows
    if (travel.alive === 0) this.#stop(travel)
  }

  /** All rows are dead. */
  #stop(travel: Travel): void {
    for (const stage of this.#stages) {
      if (stage.current !== travel) continue
      const { sliceMs } = this.#setting
      const slices = Math.ceil((this.#now - stage.startedAt) / sliceMs)
      stage.doneAt = Math.min(stage.doneAt, stage.startedAt + slices * sliceMs)
    }
  }
}

function aliveRows({ alive, rows }: Travel): number {
  let count = 0
  for (let row = 0; row < Math.min(rows, 32); row++) count += (alive >>> row) & 1
  return Math.max(count, rows > 32 ? rows : 0)
}
