// Measures what micro-batches take, when the stages stand and before the first request: some of each size go through the
// pipeline alone. They write cells that nobody has yet, and leave the cell table as it was.
import {
  type CellIndex,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Row,
  type RunId,
  type SequenceId,
} from '../domain.ts'
import { GROUPS_MAX } from '../limits.ts'
import type { StageSizes } from '../model/memory/layout.ts'
import type { Pipeline, Returned } from '../pipeline/pipeline.ts'
import { knotRows, type MeasuredShape } from '../speculation/costs/cost-shape.ts'

/** Sizes are measured again and again, and their least times count: code that is still compiled and neighbours only add. */
const MEASURED_TURNS = 6
/** It is enough when the two least times of each are not further apart. */
const STEADY = 1.2
/** So many rows have a head: the memory for the logits of more is not taken before somebody needs it. */
const MEASURED_HEADS = 8
/** Before the scheduler's first: a pipeline has passed none of its own then. */
const NUMBER = -1 as MicroBatchNumber
const NO_RUN = -1 as RunId
/** So that rows go different ways through a mixture of experts; a prime. */
const TOKEN_STEP = 7919

export interface MeasuredPipeline {
  readonly pipeline: Pipeline
  readonly stages: number
  readonly sizes: Pick<StageSizes, 'chunkRows' | 'headRowsMax' | 'cells'>
  readonly vocabularySize: number
  /** Returns the next micro-batch that leaves the pipeline. */
  readonly collect: () => Returned
  readonly nowUs: () => number
}

/** Ends after about `budgetUs`: slow models are not measured for large micro-batches. */
export function measureShape(measured: MeasuredPipeline, budgetUs: number): MeasuredShape {
  const { sizes, nowUs } = measured
  const beganUs = nowUs()
  const rows = knotRows(Math.min(Math.max(sizes.chunkRows, GROUPS_MAX), sizes.cells))
  const knots: Knot[] = []
  for (let turn = 0; turn < MEASURED_TURNS && steadyCount(knots) < rows.length; turn++) {
    for (const [at, count] of rows.entries()) {
      // More rows take no more than they are more.
      const before = Math.max(0, at - 1)
      const expectedUs = knots[at]?.leastUs ?? ((knots[before]?.leastUs ?? 0) * count) / rows[before]!
      if (nowUs() - beganUs + expectedUs > budgetUs) break
      knots[at] ??= newKnot(measured.stages)
      measure(measured, count, knots[at])
    }
  }
  const nowhere = new Array<CellIndex>(Math.ceil(rows.at(-1)! / GROUPS_MAX)).fill(0 as CellIndex)
  for (let sequence = 0; sequence < GROUPS_MAX; sequence++) {
    measured.pipeline.map(sequence as SequenceId, 0, nowhere)
  }
  return {
    rows: rows.slice(0, knots.length),
    stageUs: Array.from({ length: measured.stages }, (_, stage) => knots.map(({ stageUs }) => stageUs[stage]!)),
    steadyCount: steadyCount(knots),
  }
}

/** The times of a size. */
interface Knot {
  /** By stage, the least. */
  readonly stageUs: number[]
  /** The least and the second of the whole pipeline. */
  leastUs: number
  secondUs: number
}

const newKnot = (stages: number): Knot => ({
  stageUs: new Array<number>(stages).fill(Number.POSITIVE_INFINITY),
  leastUs: Number.POSITIVE_INFINITY,
  secondUs: Number.POSITIVE_INFINITY,
})

/** How many of the first knots are steady. */
function steadyCount(knots: readonly Knot[]): number {
  const unsteady = knots.findIndex(({ leastUs, secondUs }) => secondUs > STEADY * leastUs)
  return unsteady < 0 ? knots.length : unsteady
}

/** Sends a micro-batch of `count` rows and waits for it. */
function measure(measured: MeasuredPipeline, count: number, knot: Knot): void {
  const sentUs = measured.nowUs()
  submit(measured, count)
  const returned = measured.collect()
  const us = measured.nowUs() - sentUs
  for (const [stage, least] of knot.stageUs.entries()) knot.stageUs[stage] = Math.min(least, returned.stageUs(stage))
  measured.pipeline.release()
  knot.secondUs = Math.max(knot.leastUs, Math.min(knot.secondUs, us))
  knot.leastUs = Math.min(knot.leastUs, us)
}

/** Rows of different sequences, as in decoding; where there are more rows than groups, a sequence has several. */
function submit({ pipeline, sizes, vocabularySize }: MeasuredPipeline, count: number): void {
  const groups = Math.min(count, GROUPS_MAX)
  const heads = Math.min(MEASURED_HEADS, sizes.headRowsMax)
  const rows: Row[] = []
  for (let group = 0; group < groups; group++) {
    const sequence = group as SequenceId
    const cells: CellIndex[] = []
    const end = Math.floor(((group + 1) * count) / groups)
    for (let cell = rows.length; cell < end; cell++) {
      const position = cells.push(cell as CellIndex) - 1
      rows.push({
        ...{ token: (cell * TOKEN_STEP) % vocabularySize, sequence, position, cell: cell as CellIndex },
        ...{ committedLength: position + 1, ancestors: [], head: cell < heads ? 'top' : 'none', group },
        stateSlot: NO_STATE_SLOT,
      })
    }
    pipeline.map(sequence, 0, cells)
  }
  const microBatch = { number: NUMBER, rows }
  pipeline.submit({ kind: 'submit', microBatch, purpose: 'decode', runFirst: NO_RUN, runLast: NO_RUN })
}
