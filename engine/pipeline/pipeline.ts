// What drives a pipeline of stages sees of it: cells are mapped, micro-batches submitted, groups of rows cancelled, results
// collected and released. Real stages are driven over shared memory (shared-pipeline.ts); the simulator and the benches
// have stages on a virtual clock.
import type { CellIndex, MicroBatchNumber, PipelineAction, Position, SequenceId, Submission } from '../domain.ts'

/** What the last stage said about one row. The arrays are views into its memory: valid until `release`. */
export interface ResultRow {
  /** Best tokens, best first. */
  readonly ids: Int32Array
  /** Their logits. */
  readonly logits: Float32Array
  /** Of the whole row, of head kind `scored`; NaN for others. */
  readonly logsumexp: number
  readonly count: number
  /** All logits, f32 [vocabulary], or as many elements of an embedding. */
  readonly full: (length?: number) => Float32Array
}

/** A micro-batch that has left the pipeline. Records and logits are where the last stage wrote them, until `release`. */
export interface Returned {
  readonly number: MicroBatchNumber
  /** Bit per group with a row whose K or V overflowed. */
  readonly faults: number
  /** When a stage stopped in the middle of it, all rows being dead; 0 where none did. See clock.ts. */
  readonly stoppedUs: number
  /** Microseconds that a stage computed, all of its lanes together from begin to end; 0 where nobody was alive there. */
  stageUs(stage: number): number
  /** Whether there is a result of the row: it had a head, and was alive. */
  has(row: number): boolean
  /** How many logits of the row are NaN. */
  nanCount(row: number): number
  row(row: number): ResultRow
}

export interface Pipeline {
  /** The positions `from ..` of a sequence now live in these cells, in every stage. Before any later `submit`. */
  map(sequence: SequenceId, from: Position, cells: readonly CellIndex[]): void
  /** Puts a micro-batch in front of the first stage. There is room for all that may be in flight. */
  submit(submission: Submission): void
  /** The newest micro-batch that the first stage is done with, -1 before the first. */
  readonly passed: number
  /** Withdraws the groups of a micro-batch whose bits are set; returns the bits that are left. */
  cancel(number: MicroBatchNumber, groups: number): number
  /** Opens the oldest micro-batch that has left the last stage; undefined where there is none, or one is open. */
  collect(): Returned | undefined
  /** Gives the slot and logits of the open micro-batch back to the last stage. */
  release(): void
}

/** Does what the scheduler wants of the stages; false where the action is for somebody else. */
export function perform<A extends { readonly kind: string }>(
  pipeline: Pipeline,
  action: A | PipelineAction,
): action is PipelineAction {
  const forStages = action as PipelineAction
  switch (forStages.kind) {
    case 'map':
      pipeline.map(forStages.sequence, forStages.from, forStages.cells)
      return true
    case 'submit':
      pipeline.submit(forStages)
      return true
    case 'cancel':
      pipeline.cancel(forStages.number, forStages.groups)
      return true
    case 'release':
      pipeline.release()
      return true
    default:
      return false
  }
}
