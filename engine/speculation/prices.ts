// What steps cost, as the scheduler sees it: integers in and out, whatever is measured and averaged behind them.

export interface StepPrices {
  /** Microseconds of the slowest stage for a micro-batch of `rows` rows that read `positions` cached positions together. */
  stepUs(rows: number, positions: number): number
}
