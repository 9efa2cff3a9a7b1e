// What steps cost on this machine, as measured while it runs: a stage's time for a micro-batch by its rows, the way of a
// single row through all stages, a question to the drafter. Each of them twice: alone, and while target and drafter work
// side by side, for they may share cores and memory. Times in microseconds.
import { GROUPS_MAX } from '../../limits.ts'
import { LiveTimes } from './live-times.ts'

/** Keys of `LiveTimes`: 1 .. GROUPS_MAX are services of so many rows. */
const LATENCY = 0
const DRAFT_FIRST = GROUPS_MAX + 1
const DRAFT_NEXT = GROUPS_MAX + 2
const BESIDE = 64

/**
 * A further row's share of a one-row step, until it is measured: less than it really costs on a CPU, so that it is tried.
 */
const ROW_SHARE_PRIOR = 0.2
/** What steps of target and drafter take beside each other on the same cores, until it is measured. */
const CONTENDED_SERVICE = 1.3
const CONTENDED_DRAFT = 2

/** Known before anything is measured; anything absent is measured first. */
export interface CostPriors {
  /** Target and drafter use the same cores. */
  readonly sharesCores?: boolean
  /** The drafter is no model: steps take the same beside it. */
  readonly isDrafterLight?: boolean
  readonly latencyUs?: number
  /** By number of rows. */
  readonly serviceUs?: Readonly<Record<number, number>>
  readonly draftUs?: number
}

export class StepCosts {
  readonly stages: number
  readonly #times = new LiveTimes()
  /** Most rows measured, alone and beside. */
  readonly #rowsSeen = [0, 0]
  readonly #sharesCores: boolean
  readonly #isDrafterLight: boolean

  constructor(stages: number, priors: CostPriors = {}) {
    this.stages = stages
    this.#sharesCores = priors.sharesCores ?? false
    this.#isDrafterLight = priors.isDrafterLight ?? false
    if (priors.latencyUs !== undefined) this.noteLatency(priors.latencyUs, false)
    for (const [rows, us] of Object.entries(priors.serviceUs ?? {})) this.noteService(Number(rows), us, false)
    if (priors.draftUs !== undefined) this.noteDraft(priors.draftUs, false, false)
  }

  /** Whether anything is known of the target. */
  get isKnown(): boolean {
    return this.#serviceOrNone(1, false) !== undefined || this.#serviceOrNone(1, true) !== undefined
  }

  /** A stage took so long for a micro-batch of so many rows. */
  noteService(rows: number, us: number, beside: boolean): void {
    const side = this.#sideOf(beside)
    this.#times.note(side * BESIDE + Math.min(rows, GROUPS_MAX), us)
    this.#rowsSeen[side] = Math.max(this.#rowsSeen[side]!, Math.min(rows, GROUPS_MAX))
  }

  /** A single row took so long from its submission to its result, with nothing else to wait for. */
  noteLatency(us: number, beside: boolean): void {
    this.#times.note(this.#sideOf(beside) * BESIDE + LATENCY, us)
  }

  /**
   * The drafter took so long for one question; `isFirst`: right behind the certain text, of which it has to catch up with
   * what is new.
   */
  noteDraft(us: number, isFirst: boolean, beside: boolean): void {
    // A drafter that answers at once has cost less than the clock can tell.
    this.#times.note(draftKey(isFirst, beside), Math.max(us, 1))
  }

  #sideOf(beside: boolean): 0 | 1 {
    return beside && !this.#isDrafterLight ? 1 : 0
  }

  /** A stage's time for a micro-batch of `rows` rows, which may be a mean. */
  serviceUs(rows: number, beside: boolean): number {
    const most = Math.ceil(rows)
    const mostUs = this.#countUs(most, beside)
    return mostUs + (rows - most) * (mostUs - this.#countUs(most - 1, beside))
  }

  #countUs(rows: number, beside: boolean): number {
    if (rows < 1) return 0
    const own = this.#serviceOrNone(rows, beside)
    // What was measured here is not held against what is only guessed there.
    const isMeasured = (side: boolean) => this.#times.time(this.#sideOf(side) * BESIDE + rows) !== undefined
    const isGuess = isMeasured(beside) && !isMeasured(!beside)
    return this.#stepUs(own, isGuess ? undefined : this.#serviceOrNone(rows, !beside), beside) ?? 0
  }

  /** From what was measured on this side and on the other one. */
  #stepUs(own: number | undefined, other: number | undefined, beside: boolean): number | undefined {
    if (other === undefined) return own
    if (own === undefined) return other * this.#contendedFactor(CONTENDED_SERVICE, beside)
    // Nothing takes longer alone: such a time is of long ago, when code was still compiled.
    return beside ? own : Math.min(own, other)
  }

  #serviceOrNone(rows: number, beside: boolean): number | undefined {
    const us = this.#betweenUs(rows, beside)
    if (us === undefined) return undefined
    // Nor is it believed to take longer than the same rows in smaller ones: such a time is of long ago.
    let least = us
    for (let part = 1; part < rows; part++) {
      const partUs = this.#times.time(this.#sideOf(beside) * BESIDE + part)
      if (partUs !== undefined) least = Math.min(least, Math.ceil(rows / part) * partUs)
    }
    return least
  }

  #betweenUs(rows: number, beside: boolean): number | undefined {
    const side = this.#sideOf(beside) * BESIDE
    // The measured neighbours; a micro-batch is not believed to take longer than a larger one.
    let [above, aboveUs] = [0, Number.POSITIVE_INFINITY]
    let [below, belowUs] = [0, Number.POSITIVE_INFINITY]
    for (let at = this.#rowsSeen[this.#sideOf(beside)]!; at >= 1 && below === 0; at--) {
      const us = this.#times.time(side + at)
      if (us === undefined) continue
      if (at >= rows) [above, aboveUs] = [at, Math.min(us, aboveUs)]
      else [below, belowUs] = [at, Math.min(us, aboveUs)]
    }
    if (above === 0 && below === 0) return undefined
    if (above === rows) return aboveUs
    if (below === 0) return Math.max(aboveUs / above, aboveUs * (1 - ROW_SHARE_PRIOR * (above - rows)))
    const slopeUs = this.#slopeUs(below, belowUs, side)
    if (above === 0) return belowUs + (rows - below) * slopeUs
    // Times may grow in steps: sizes in between are tried.
    const evenUs = (aboveUs - belowUs) / (above - below)
    return belowUs + (rows - below) * Math.min(evenUs, slopeUs)
  }

  /** What a further row costs, from the most rows measured and one row. */
  #slopeUs(most: number, mostUs: number, side: number): number {
    const oneUs = most > 1 ? this.#times.time(side + 1) : undefined
    if (oneUs !== undefined) return Math.max(0, (mostUs - oneUs) / (most - 1))
    return (ROW_SHARE_PRIOR * mostUs) / (1 + ROW_SHARE_PRIOR * (most - 1))
  }

  /** From the submission of a micro-batch of `rows` rows to its result, when nothing is before it. */
  latencyUs(rows: number, beside: boolean): number {
    const service = this.serviceUs(1, beside)
    const latency = (side: boolean) => this.#times.time(this.#sideOf(side) * BESIDE + LATENCY)
    const one = this.#stepUs(latency(beside), latency(!beside), beside) ?? this.stages * service
    return one + this.stages * (this.serviceUs(rows, beside) - service)
  }

  /** The drafter's time for one question; 0 while unknown. */
  draftUs(isFirst: boolean, beside: boolean): number {
    const time = (first: boolean, side: boolean) => this.#times.time(draftKey(first, side))
    const own = time(isFirst, beside) ?? time(!isFirst, beside)
    if (own !== undefined) return own
    const other = time(isFirst, !beside) ?? time(!isFirst, !beside) ?? 0
    return other * this.#contendedFactor(CONTENDED_DRAFT, beside)
  }

  /** What is believed to remain of a step's time beside the drafter where that does not compute. */
  get aloneShare(): number {
    return this.#contendedFactor(CONTENDED_SERVICE, false)
  }

  #contendedFactor(factor: number, beside: boolean): number {
    if (!this.#sharesCores) return 1
    return beside ? factor : 1 / factor
  }

  /** How much longer than these costs steps have taken since the last call, because of others on the machine. */
  takeSlowdown(): number {
    return this.#times.takeSlowdown()
  }
}

const draftKey = (isFirst: boolean, beside: boolean): number =>
  (beside ? BESIDE : 0) + (isFirst ? DRAFT_FIRST : DRAFT_NEXT)
