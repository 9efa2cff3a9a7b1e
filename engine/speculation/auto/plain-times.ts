// What a token takes without guesses, from the steps of a run in which rows had the pipeline to themselves: the measure
// that speculation is held against. Means, not best times: what disturbs a machine disturbs both sides of the comparison.
// Times in microseconds.

/** What a step of so many rows takes; `isBound`: no step of so few was seen, it takes this long at most. */
export interface PlainStep {
  readonly us: number
  readonly isBound: boolean
}

/** Samples after which old ones count half. */
const SAMPLES_MAX = 256
/** Of so few the shortest counts: in the first steps code is still compiled. */
const FEW_SAMPLES = 4

interface Samples {
  count: number
  totalUs: number
  leastUs: number
}

export class PlainTimes {
  /** By number of rows: alone, and beside a drafter that computes meanwhile. */
  readonly #alone: (Samples | undefined)[] = []
  readonly #beside: (Samples | undefined)[] = []

  /** A micro-batch of `rows` rows, alone in the pipeline, took so long from its submission to the last token drawn. */
  note(rows: number, us: number, isBeside: boolean): void {
    if (!(us > 0)) return
    const side = isBeside ? this.#beside : this.#alone
    side[rows] ??= { count: 0, totalUs: 0, leastUs: Number.POSITIVE_INFINITY }
    const samples = side[rows]
    if (samples.count >= SAMPLES_MAX) {
      samples.count /= 2
      samples.totalUs /= 2
    }
    samples.count++
    samples.totalUs += us
    samples.leastUs = Math.min(samples.leastUs, us)
  }

  /**
   * A step of `rows` rows with no drafter beside it. Where only steps beside one were seen, `aloneShare` is what remains of
   * their time without it. Undefined where no step was seen that takes at least as long.
   */
  step(rows: number, aloneShare: number): PlainStep | undefined {
    const most = Math.max(this.#alone.length, this.#beside.length) - 1
    let bound: PlainStep | undefined
    for (let at = rows; at <= most; at++) {
      const [alone, beside] = [this.#alone[at], this.#beside[at]]
      const us = alone ? typicalUs(alone) : beside ? typicalUs(beside) * aloneShare : undefined
      if (us === undefined) continue
      if (at === rows) return { us, isBound: false }
      // A single odd step is no bound where there are many.
      const isOften = (alone ?? beside)!.count >= FEW_SAMPLES
      if (isOften) return { us, isBound: true }
      bound ??= { us, isBound: true }
    }
    return bound
  }
}

const typicalUs = ({ count, totalUs, leastUs }: Samples): number => (count < FEW_SAMPLES ? leastUs : totalUs / count)
