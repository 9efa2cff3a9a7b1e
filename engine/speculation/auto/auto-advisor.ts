// Policy `auto`: the advisor behind the wall. It learns from times what steps cost, and gives every sequence an autopilot.
import type { RequestId } from '../../domain.ts'
import type { Advice, AdvisedKey, Advisor, JudgedMoment, Learner, SequenceProgress, StepTimes } from '../advisor.ts'
import { PROBABILITY_ONE } from '../guess.ts'
import { Autopilot, type AutoReport } from './autopilot.ts'
import type { Conditions } from './forecast.ts'
import { type PlainStep, PlainTimes } from './plain-times.ts'
import type { StepCosts } from './step-costs.ts'

interface AdvisedSequence {
  readonly pilot: Autopilot
  readonly request: RequestId
}

export class AutoAdvisor implements Advisor {
  readonly #costs: StepCosts
  readonly #rowsMax: number
  readonly #plainTimes = new PlainTimes()
  readonly #advised = new Map<AdvisedKey, AdvisedSequence>()
  readonly #reports = new Map<RequestId, AutoReport>()
  /** The pilot of the sequence that ended last. */
  #earlier: Autopilot | undefined

  /** `costs`: what is known of this machine already; `rowsMax`: most rows of a micro-batch. */
  constructor(costs: StepCosts, rowsMax: number) {
    this.#costs = costs
    this.#rowsMax = rowsMax
  }

  begin(key: AdvisedKey, request: RequestId, nMax: number): { readonly advice: Advice; readonly learner: Learner } {
    const conditions = this.#conditions(1)
    const pilot = new Autopilot(this.#costs, nMax, conditions, this.#earlier)
    this.#advised.set(key, { pilot, request })
    return { advice: this.#advice(pilot, conditions), learner: pilot.acceptance }
  }

  end(key: AdvisedKey, decodingCount: number): void {
    const { pilot, request } = this.#advised.get(key)!
    this.#advised.delete(key)
    this.#earlier = pilot
    this.#reports.set(request, pilot.report(this.#conditions(decodingCount)))
  }

  /** Why a request speculated as it did, of its choice that ended last; once. Undefined where that was the user's choice. */
  takeReport(request: RequestId): AutoReport | undefined {
    const report = this.#reports.get(request)
    this.#reports.delete(request)
    return report
  }

  noteService({ rows, us, isBeside }: StepTimes): void {
    this.#costs.noteService(rows, us, isBeside)
  }

  noteLatency({ rows, us, isBeside }: StepTimes): void {
    const { stages } = this.#costs
    const more = this.#costs.serviceUs(rows, isBeside) - this.#costs.serviceUs(1, isBeside)
    this.#costs.noteLatency(us - stages * more, isBeside)
  }

  noteStep({ rows, us, isBeside }: StepTimes): void {
    this.#plainTimes.note(rows, us, isBeside)
  }

  /** What a step of plain decoding with so many sequences takes; undefined where nothing is known of it. */
  plainStep(sequences: number): PlainStep | undefined {
    const rows = Math.max(1, Math.ceil(sequences / this.#costs.stages))
    return this.#plainTimes.step(rows, this.#costs.aloneShare)
  }

  noteQuestion(us: number, isFirst: boolean, isBeside: boolean): void {
    this.#costs.noteDraft(us, isFirst, isBeside)
  }

  judged({ submittedUs, returnedUs, decodingCount }: JudgedMoment, progress: SequenceProgress): Advice {
    const { key, tokens, accepted } = progress
    const { pilot } = this.#advised.get(key)!
    const conditions = this.#conditions(decodingCount)
    pilot.judge({ submittedUs, returnedUs, tokens, accepted }, conditions)
    return this.#advice(pilot, conditions)
  }

  #advice(pilot: Autopilot, conditions: Conditions): Advice {
    const { policy, depth } = pilot.arm
    return { policy, nMax: depth, worthMin: Math.round(pilot.worthwhileChance(conditions) * PROBABILITY_ONE) }
  }

  #conditions(decodingCount: number): Conditions {
    return { rowsMax: this.#rowsMax, decodingCount: Math.max(1, decodingCount) }
  }
}
