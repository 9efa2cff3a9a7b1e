// The real scheduler and its policies against a pipeline and a drafter that only take time, on a virtual clock. One
// request; the conductor's own time is not counted.
import type { MicroBatchNumber } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import { perform, type Returned } from '../../engine/pipeline/pipeline.ts'
import { type DraftFigures, IDLE, type SchedulerAction } from '../../engine/scheduler/events.ts'
import type { Planner } from '../../engine/scheduler/planner.ts'
import { Scheduler } from '../../engine/scheduler/scheduler.ts'
import { AutoAdvisor } from '../../engine/speculation/auto/auto-advisor.ts'
import type { AutoReport } from '../../engine/speculation/auto/autopilot.ts'
import type { PlainStep } from '../../engine/speculation/auto/plain-times.ts'
import { StepCosts } from '../../engine/speculation/auto/step-costs.ts'
import { type Guess, PROBABILITY_ONE } from '../../engine/speculation/guess.ts'
import type { DraftParameters } from '../../engine/speculation/parameters.ts'
import { type LiteralRule, LiteralRules } from './literal.ts'
import { chanceAt, guessToken, hasGuess, rightToken, VOCABULARY } from './script.ts'
import { inFlightMax, type PipelineSetting } from './setting.ts'
import { TimedWork } from './timed-work.ts'
import { type Travel, VirtualPipeline } from './virtual-pipeline.ts'

export interface VirtualFigures {
  readonly tokS: number
  readonly drafts: DraftFigures
  /** Share of the stages' time spent on rows. */
  readonly utilisation: number
  readonly auto: AutoReport | undefined
  /** What a step without guesses is forecast to take. */
  readonly plain: PlainStep | undefined
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
  readonly #pipeline: VirtualPipeline<Travel, Returned>
  /** A row of a token that is certain was submitted since the last return. */
  #isCertainSent = false
  #question: { readonly question: number; readonly position: number; readonly answeredAt: number } | undefined
  #isRight = true
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
      headroom: 64,
      gapPercent: 200,
      vocabularySize: VOCABULARY,
    }
    const costs = ablation.costs ?? new StepCosts(setting.stages, { isDrafterLight: setting.repeats !== undefined })
    this.#advisor = new AutoAdvisor(costs, limits.headRowsMax)
    const prices = { stepUs: (rows: number) => Math.round(1000 * setting.stageMs(rows)) }
    this.#scheduler = new Scheduler(limits, { advisor: this.#advisor, prices, planner: ablation.planner })
    this.#pipeline = new VirtualPipeline(
      new TimedWork(setting, (number) => this.#passed(number)),
      setting.stages,
      limits.inFlightMax,
    )
    const work = { kind: 'generate', prompt: [rightToken(0)], choices: 1, tokensMax: tokens, head: 'best' } as const
    this.#scheduler.handle({ kind: 'request', request: 0, work: draft ? { ...work, draft } : work })
  }

  run(): VirtualFigures {
    this.#drain()
    while (!this.#drafts) this.#step()
    const elapsedMs = this.#now - this.#firstAt
    return {
      tokS: ((this.#tokens - 1) * 1000) / elapsedMs,
      drafts: this.#drafts,
      utilisation: this.#pipeline.busy / (this.#now * this.#setting.stages),
      auto: this.#auto,
      plain: this.#advisor.plainStep(1),
    }
  }

  get #now(): number {
    return this.#pipeline.now
  }

  get #nowUs(): number {
    return Math.round(this.#now * 1000)
  }

  #step(): void {
    const answeredAt = this.#question?.answeredAt ?? Number.POSITIVE_INFINITY
    const redraftedAt = this.#literal?.nextAt ?? Number.POSITIVE_INFINITY
    const { returnsAt, nextTime } = this.#pipeline
    const next = Math.min(answeredAt, returnsAt, redraftedAt, nextTime)
    assert(next !== Number.POSITIVE_INFINITY, 'the virtual pipeline is stuck')
    this.#pipeline.now = next
    if (returnsAt === next) this.#return()
    else if (redraftedAt === next) this.#redraft()
    else if (answeredAt === next) this.#answer()
    else this.#pipeline.step(next)
  }

  #passed(number: MicroBatchNumber): void {
    this.#scheduler.handle({ kind: 'passed', number, atUs: this.#nowUs })
    this.#drain()
  }

  #return(): void {
    const { number } = this.#pipeline.collect()!
    const emitted = this.#emitted
    this.#isCertainSent = false
    this.#scheduler.handle({ kind: 'returned', number, atUs: this.#nowUs })
    this.#drain()
    if (this.#literal && this.#emitted > emitted) this.#accepted(this.#literal)
  }

  #accepted(literal: LiteralRules): void {
    // The prompt is one token.
    const repeat = literal.accepted(this.#emitted + 1, !this.#isCertainSent, this.#now)
    this.#pipeline.stopDead()
    if (repeat) this.#pipeline.enter(repeat)
    if (!this.#question || !literal.isRedrafting) return
    const { question, position } = this.#question
    this.#question = { question, position, answeredAt: literal.asked(position, this.#now) + this.#setting.draftMs }
  }

  #redraft(): void {
    const repeat = this.#literal!.redrafted(this.#now, this.#pipeline.isFirstIdle)
    if (repeat) this.#pipeline.enter(repeat)
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
    if (action.kind === 'cancel' && this.#ignoresCancels) return
    if (action.kind === 'submit') this.#isCertainSent ||= action.purpose === 'decode'
    if (perform(this.#pipeline, action)) return
    switch (action.kind) {
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
}
