// The cost model: what a micro-batch takes at the slowest stage, t(rows) + b * positions that its rows read. The shape of
// t is measured when the model is loaded. Live times move one common factor, for a machine is faster or slower as a
// whole, and b; and they give knots to a shape that ends early, since a slow model is not measured throughout.
import type { StepPrices } from '../prices.ts'
import { type CostShape, neverFalling, timeAt } from './cost-shape.ts'

/** The factor is the median of so many ratios: it follows three of them, and two that are off do not move it. */
const RATIOS = 5
/** The factor and that of b stay in these bounds, whatever clocks say. */
const FACTOR_MAX = 1024
const READING_FACTOR_MAX = 32
/** A knot that is added is the least of so many live times: what disturbs a step makes it longer. */
const YOUNG_TIMES = 4
/** It lies beyond the last one by this factor: on the line before that. */
const KNOT_DISTANCE = 2

/** A line through the times of about so many steps says what reading takes. */
const LINE_STEPS = 256
/** Where what they read differs by less than this part of a step, the line is as it was first believed to be. */
const CONTRAST = 0.1
/** A single step counts as at most so much longer or shorter than expected. */
const ODD_STEP_MAX = 2

export class CostModel implements StepPrices {
  readonly #readingShare: number
  /** The knots: numbers of rows, ascending; how many live times each still takes; by stage their times. */
  #rows: number[] = []
  #young: number[] = []
  #times: number[][]
  readonly #ratios = new Float64Array(RATIOS).fill(1)
  readonly #sorted = new Float64Array(RATIOS)
  #ratioCount = 0
  #factor = 1
  #readingFactor = 1
  /** Sums over the last steps, of which each has a weight w; x and y as in `#learnReading`. */
  readonly #sums = { w: 0, x: 0, y: 0, xx: 0, xy: 0 }

  /** `readingShare`: what reading a cached position is first believed to take, as a share of the least micro-batch. */
  constructor(stages: number, readingShare: number) {
    this.#times = Array.from({ length: stages }, () => [])
    this.#readingShare = readingShare
  }

  /** Before anything is noted: what was measured when the model was loaded. */
  takeShape({ rows, stageUs }: CostShape): void {
    this.#rows = [...rows]
    this.#young = rows.map(() => 0)
    this.#times = stageUs.map(neverFalling)
  }

  /** 1 while nothing is known. */
  stepUs(rows: number, positions: number): number {
    return Math.max(1, Math.round(this.#factor * this.#expectedUs(rows, positions)))
  }

  /** A micro-batch of `rows` rows, all computed, that read `positions` positions took the stages so long. */
  note(rows: number, positions: number, stageUs: ArrayLike<number>): void {
    let slowest = 0
    for (let stage = 0; stage < this.#times.length; stage++) slowest = Math.max(slowest, stageUs[stage]!)
    // No time, or none at all of a stage.
    if (!(slowest > 0 && slowest < Number.MAX_SAFE_INTEGER)) return
    if (this.#noteKnot(rows, positions, stageUs)) return
    const us = this.#expectedUs(rows, positions)
    if (us === 0) return
    const surprise = slowest / (this.#factor * us)
    const ratio = Math.max(1 / ODD_STEP_MAX, Math.min(ODD_STEP_MAX, surprise)) * this.#factor
    this.#learnFactor(slowest / us)
    const rowsUs = this.#expectedUs(rows, 0)
    this.#learnReading((us - rowsUs) / rowsUs / this.#readingFactor, (ratio * us) / rowsUs)
  }

  /** Of the slowest stage, at the speed of the shape. */
  #expectedUs(rows: number, positions: number): number {
    let most = 0
    for (let stage = 0; stage < this.#times.length; stage++) {
      most = Math.max(most, timeAt(this.#rows, this.#times[stage]!, rows) + this.#readingUs(stage, positions))
    }
    return most
  }

  #readingUs(stage: number, positions: number): number {
    return this.#readingFactor * this.#readingShare * positions * (this.#times[stage]![0] ?? 0)
  }

  #learnFactor(ratio: number): void {
    this.#ratios[this.#ratioCount++ % RATIOS] = ratio
    this.#sorted.set(this.#ratios)
    this.#factor = bounded(this.#sorted.sort()[RATIOS >> 1]!, FACTOR_MAX)
  }

  /**
   * A step in which reading was first believed to take `x` times what the rows take, took `y` times that: on a machine of
   * one speed the steps lie on a line, which begins at the common factor and rises by that times the factor of b.
   */
  #learnReading(x: number, y: number): void {
    const sums = this.#sums
    // Longer steps are longer off.
    const weight = 1 / (1 + x) / (1 + x)
    const old = 1 - 1 / LINE_STEPS
    sums.w = old * sums.w + weight
    sums.x = old * sums.x + weight * x
    sums.y = old * sums.y + weight * y
    sums.xx = old * sums.xx + weight * x * x
    sums.xy = old * sums.xy + weight * x * y
    const [meanX, meanY] = [sums.x / sums.w, sums.y / sums.w]
    const least = CONTRAST * CONTRAST
    const rise = sums.xy / sums.w - meanX * meanY + least * meanY
    const slope = rise / (sums.xx / sums.w - meanX * meanX + least * (1 + meanX))
    const start = meanY - slope * meanX
    this.#readingFactor = bounded(start > 0 ? Math.max(0, slope / start) : READING_FACTOR_MAX, READING_FACTOR_MAX)
  }

  /** Whether the times went into a knot that was not measured at load. */
  #noteKnot(rows: number, positions: number, stageUs: ArrayLike<number>): boolean {
    const knots = this.#rows
    let at = 0
    while (at < knots.length && knots[at]! < rows) at++
    const isNew = knots[at] !== rows
    const isBelow = at === 0 && rows * KNOT_DISTANCE <= (knots[0] ?? Number.POSITIVE_INFINITY)
    const isAbove = at === knots.length && rows >= KNOT_DISTANCE * (knots.at(-1) ?? 0)
    if (isNew ? !isBelow && !isAbove : this.#young[at] === 0) return false
    for (const [stage, times] of this.#times.entries()) {
      const us = stageUs[stage]! / this.#factor - this.#readingUs(stage, positions)
      if (isNew) times.splice(at, 0, Number.POSITIVE_INFINITY)
      // Between its neighbours, whatever they say of it: of these one is measured better.
      times[at] = Math.max(times[at - 1] ?? 0, Math.min(us, times[at]!, times[at + 1] ?? Number.POSITIVE_INFINITY))
    }
    if (isNew) {
      knots.splice(at, 0, rows)
      this.#young.splice(at, 0, YOUNG_TIMES)
    }
    this.#young[at]!--
    return true
  }
}

const bounded = (factor: number, most: number): number => Math.min(most, Math.max(1 / most, factor))
