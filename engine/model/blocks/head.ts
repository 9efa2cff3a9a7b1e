// The head of the last stage: final norm, logits of the rows that want them, and what the sampler usually needs of
// them. Logits stay in the arena of the result slot until the conductor releases it.

import { TOP_COUNT } from '../../limits.ts'
import {
  beginReturn,
  HEAD_BEST,
  HEAD_EMBEDDING,
  HEAD_NONE,
  HEAD_SCORED,
  microBatchNumber,
  type ReturnViews,
  returnIdsIndex,
  returnLogitsIndex,
  returnViews,
  writeReturnEntry,
} from '../../wire/codec.ts'
import { type Activations, multiplyShare } from '../activations.ts'
import { columnStart, type Lane } from '../lane.ts'
import type { Matrix } from '../matrix.ts'
import type { StageLayout } from '../memory/layout.ts'
import type { VectorPlan } from '../memory/space.ts'
import type { RowSet } from '../row-set.ts'
import type { LaneStage } from './block.ts'

export class Head {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #activations: Activations
  readonly #matrix: readonly [Matrix]
  readonly #norm: VectorPlan
  readonly #results: NonNullable<StageLayout['results']>
  /** Logits of the current result slot, f32 [picked][vocabulary]. */
  readonly #logits: { address: number; stride: number }
  readonly #views: ReturnViews
  /** Packed rows that want a head. */
  readonly #picked: Int32Array

  constructor(
    { lane, rows, activations }: LaneStage,
    matrix: Matrix,
    norm: VectorPlan,
    results: NonNullable<StageLayout['results']>,
  ) {
    this.#lane = lane
    this.#rows = rows
    this.#activations = activations
    this.#matrix = [matrix]
    this.#norm = norm
    this.#results = results
    this.#logits = { address: 0, stride: results.logitsRow }
    this.#views = returnViews(lane.words.buffer)
    this.#picked = new Int32Array(lane.layout.sizes.headRowsMax)
  }

  /** Fills result slot `resultSlot` with a record per row that wants a head. */
  run(resultSlot: number): void {
    const { index, count, sync, words } = this.#lane
    const [matrix] = this.#matrix
    const record = this.#results.address + resultSlot * this.#results.stride
    // Behind the rows that want logits are those that want embeddings.
    const logitsCount = this.#pick(0, false)
    const picked = this.#pick(logitsCount, true)
    if (index === 0) beginReturn(this.#views, record, microBatchNumber(words, this.#rows.slot), picked)
    if (picked === 0) return
    this.#logits.address = this.#results.logits.address + resultSlot * this.#results.logits.stride
    if (logitsCount > 0) this.#multiply(matrix, logitsCount)
    for (let entry = index; entry < picked; entry += count) {
      if (entry < logitsCount) this.#report(record, entry)
      else this.#embed(record, entry)
    }
    sync.barrier()
  }

  /** The logits of the first `n` picked rows, for all lanes. */
  #multiply(matrix: Matrix, n: number): void {
    const { index, count, config, sync } = this.#lane
    const input = this.#activations.prepare(this.#rows.x, config.width, n, this.#norm, this.#matrix, this.#picked)
    multiplyShare(this.#lane, matrix, this.#logits, input, n)
    this.#adjust(columnStart(matrix.plan.rows, index, count), columnStart(matrix.plan.rows, index + 1, count), n)
    sync.barrier()
  }

  /** Scales and bounds logits `from .. end - 1` of the picked rows as the model wants. */
  #adjust(from: number, end: number, picked: number): void {
    const { kernels, config } = this.#lane
    for (let entry = 0; entry < picked; entry++) {
      const at = this.#logits.address + entry * this.#logits.stride + from * 4
      if (config.logitScale !== 1) kernels.scale(at, end - from, config.logitScale)
      if (config.logitSoftcap !== 0) kernels.softcap(at, end - from, config.logitSoftcap)
    }
  }

  /** Picks the rows that want embeddings, or logits, from entry `picked` on; returns the entries that are picked then. */
  #pick(picked: number, areEmbeddings: boolean): number {
    let end = picked
    for (let row = 0; row < this.#rows.count; row++) {
      const head = this.#rows.head(row)
      if (head !== HEAD_NONE && (head === HEAD_EMBEDDING) === areEmbeddings) this.#picked[end++] = row
    }
    return end
  }

  /** Writes what the head reads of the picked row in place of its logits, and an entry without a distribution. */
  #embed(record: number, entry: number): void {
    const { kernels, config } = this.#lane
    const row = this.#picked[entry]!
    const out = this.#logits.address + entry * this.#logits.stride
    const { x } = this.#rows
    kernels.rmsnorm(out, x.address + row * x.stride, this.#norm.address, config.width, 1, 0, 0, config.normEps)
    const ids = returnIdsIndex(record, entry) * 4
    const nans = kernels.head_scan(ids, returnLogitsIndex(record, entry) * 4, out, config.width, 1)
    writeReturnEntry(this.#views, record, entry, this.#rows.original[row]!, out, Number.NaN, 0, nans)
  }

  /** Writes entry `entry` of the record: the picked row of that index. */
  #report(record: number, entry: number): void {
    const { kernels, config } = this.#lane
    const row = this.#picked[entry]!
    const logits = this.#logits.address + entry * this.#logits.stride
    const kind = this.#rows.head(row)
    const count = kind === HEAD_BEST ? 1 : Math.min(TOP_COUNT, config.vocabularySize)
    const ids = returnIdsIndex(record, entry) * 4
    const top = returnLogitsIndex(record, entry) * 4
    const nans = kernels.head_scan(ids, top, logits, config.vocabularySize, count)
    const logsumexp = kind === HEAD_SCORED ? kernels.logsumexp(logits, config.vocabularySize) : Number.NaN
    writeReturnEntry(this.#views, record, entry, this.#rows.original[row]!, logits, logsumexp, count, nans)
  }
}
