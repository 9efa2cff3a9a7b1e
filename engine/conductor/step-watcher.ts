// Tells the cost model what micro-batches take: of each whose rows were all computed, how many rows it had, how many
// cached positions they read, and how long every stage computed.
import type { MicroBatchNumber, Submission } from '../domain.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import { cellBytesOf } from '../model/memory/pool.ts'
import { MASK_ENTRIES } from '../pipeline/control.ts'
import type { Returned } from '../pipeline/pipeline.ts'
import type { CostModel } from '../speculation/costs/cost-model.ts'
import type { Watcher } from './watched-pipeline.ts'

export class StepWatcher implements Watcher {
  readonly #model: CostModel
  readonly #stageUs: Float64Array
  /** Of the micro-batches in flight, by their number modulo `MASK_ENTRIES`; no rows where one was withdrawn. */
  readonly #rows = new Int32Array(MASK_ENTRIES)
  readonly #positions = new Float64Array(MASK_ENTRIES)

  constructor(model: CostModel, stages: number) {
    this.#model = model
    this.#stageUs = new Float64Array(stages)
  }

  submitted({ microBatch: { number, rows } }: Submission): void {
    let positions = 0
    for (let row = 0; row < rows.length; row++) positions += rows[row]!.position + 1
    this.#rows[number % MASK_ENTRIES] = rows.length
    this.#positions[number % MASK_ENTRIES] = positions
  }

  cancelled(number: MicroBatchNumber): void {
    this.#rows[number % MASK_ENTRIES] = 0
  }

  returned(returned: Returned): void {
    const at = returned.number % MASK_ENTRIES
    const rows = this.#rows[at]!
    if (rows === 0) return
    for (let stage = 0; stage < this.#stageUs.length; stage++) this.#stageUs[stage] = returned.stageUs(stage)
    this.#model.note(rows, this.#positions[at]!, this.#stageUs)
  }
}

/** A position in the cache is read at about half the speed of weights: by heads, in pieces, and as halves. */
const READING_SLOWNESS = 2

/** What reading a position is believed to take before it is known, as a share of a one-row step: by their bytes. */
export function readingShare({ stages, weightBytesPerToken }: ModelPlan): number {
  const positionBytes = stages.reduce((sum, stage) => sum + cellBytesOf(stage), 0)
  return (READING_SLOWNESS * positionBytes) / weightBytesPerToken
}
