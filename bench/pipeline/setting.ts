// A pipeline and a drafter as numbers. Times in milliseconds.
import type { CostShape } from '../../engine/speculation/costs/cost-shape.ts'

export interface PipelineSetting {
  readonly stages: number
  /** Time of a stage for a micro-batch with so many live rows. */
  readonly stageMs: (rows: number) => number
  /** From a stage to the next, and from the last one to the conductor. */
  readonly hopMs: number
  /** Most rows of a micro-batch. */
  readonly rowsMax: number
  /** How often a stage looks whether its work was cancelled, and its time for a micro-batch of dead rows. */
  readonly sliceMs: number
  readonly headerMs: number
  /** Time of the drafter per token, and the chance that it is right. */
  readonly draftMs: number
  readonly accuracy: number
  /** How far a stage's time differs between micro-batches, up and down, as a share of it. Default 0. */
  readonly jitter?: number
  /** How far the chance differs from place to place, up and down. The drafter knows it and says so. Default 0: it is sure. */
  readonly spread?: number
  /** What the drafter says its chance is, everywhere. Default: the truth with `spread`, else that it is sure. */
  readonly claim?: number
  /**
   * The drafter copies from the text, which repeats itself in this share of its stretches: there it is right with chance
   * `accuracy`, elsewhere it rarely says anything and is rarely right. Default: it always has a guess.
   */
  readonly repeats?: number
}

/** Eight equal stages of 10 ms for up to four rows, 1 ms hops. */
export const EIGHT_STAGES = {
  stages: 8,
  stageMs: (rows: number) => 10 * Math.ceil(rows / 4),
  hopMs: 1,
  rowsMax: 4,
  sliceMs: 0.25,
  headerMs: 0.02,
} as const

/** Micro-batches that stages and links hold, and as many that wait. */
export const inFlightMax = ({ stages, stageMs, hopMs }: PipelineSetting): number =>
  2 * stages + 1 + Math.ceil((stages * hopMs) / stageMs(1))

/** Time from the submission of a single row to its result. */
export const latencyMs = ({ stages, stageMs, hopMs }: PipelineSetting): number => stages * (stageMs(1) + hopMs)

/** What micro-batches of up to `rowsMax` rows take in every stage, as measured of a model. */
export function costShape({ stages, stageMs }: PipelineSetting, rowsMax: number): CostShape {
  const rows = Array.from({ length: rowsMax }, (_, i) => i + 1)
  return { rows, stageUs: Array.from({ length: stages }, () => rows.map((count) => 1000 * stageMs(count))) }
}
