// What one lane of a stage works with, and how lanes share the work of an operation.

import { GROUP_ROWS } from '../limits.ts'
import type { ModelConfig } from './config/model-config.ts'
import type { Kernels } from './kernels.ts'
import type { StageLayout } from './memory/layout.ts'

export interface LaneSync {
  /** Meets the other lanes; all leave with lane 0's alive mask. Throws `Withdrawn` when it is 0. */
  barrier(): number
  /** The alive mask at this moment, for looks between tiles; lanes may see different values. */
  readonly alive: () => number
}

/** Thrown out of a micro-batch whose rows have all died: every lane leaves at the same barrier. */
export class Withdrawn extends Error {}

export interface Lane {
  /** 0 leads. */
  readonly index: number
  readonly count: number
  readonly config: ModelConfig
  /** For each rotation of the model, a factor on its cosines and sines. */
  readonly ropeMagnitudes: readonly number[]
  readonly layout: StageLayout
  readonly kernels: Kernels
  readonly sync: LaneSync
  /** The whole stage memory. */
  readonly words: Int32Array
}

/** What a lane computes micro-batches with. */
export interface LaneForward {
  /**
   * Returns when the micro-batch whose record begins at word `record` has arrived. For emulated links only: what is in
   * shared memory is there.
   */
  arrive?(record: number): void
  /**
   * Computes the micro-batch in input slot `slot`; the last stage reports into result slot `resultSlot`. Throws
   * `Withdrawn` when its rows have all died.
   */
  run(slot: number, resultSlot: number): void
  /** Rows that are left behind `run`. */
  readonly rows: {
    readonly count: number
    /** A bit per group that they belong to. */
    readonly alive: number
    /** Writes their activations to word `at` of the next stage's memory, each at the place of its slot row. */
    copyTo(target: Int32Array, at: number): void
  }
}

/** First item of `lane`'s even share of `items`; the share ends where the next lane's begins. */
export const shareStart = (items: number, lane: number, lanes: number): number => Math.floor((items * lane) / lanes)

/** First of the `rows` outputs of a matrix that `lane` computes: lanes share whole groups. */
export const columnStart = (rows: number, lane: number, lanes: number): number =>
  Math.min(rows, shareStart(Math.ceil(rows / GROUP_ROWS), lane, lanes) * GROUP_ROWS)
