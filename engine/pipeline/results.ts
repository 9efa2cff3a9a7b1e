// The conductor's end of the result ring: the oldest returned micro-batch and the records of its rows. Records and
// logits are read where the last stage wrote them, until `release`.
import type { MicroBatchNumber } from '../domain.ts'
import { assert } from '../errors.ts'
import { RESULT_SLOTS, type StageLayout } from '../model/memory/layout.ts'
import {
  type ReturnViews,
  returnEntryOfRow,
  returnFaultMask,
  returnIdsIndex,
  returnLogitsIndex,
  returnLogitsOffsetBytes,
  returnLogsumexp,
  returnNanCount,
  returnNumber,
  returnStageUs,
  returnStoppedUs,
  returnTopCount,
  returnViews,
} from '../wire/codec.ts'
import type { ControlLayout } from './control.ts'
import type { ResultRow, Returned } from './pipeline.ts'
import { Ring } from './ring.ts'

export class Results implements Returned {
  readonly #ring: Ring
  readonly #views: ReturnViews
  readonly #results: NonNullable<StageLayout['results']>
  readonly #vocabularySize: number
  /** Byte offset of the open record, -1 for none. */
  #base = -1

  constructor(
    control: Int32Array,
    layout: ControlLayout,
    last: StageLayout,
    buffer: SharedArrayBuffer,
    vocabularySize: number,
  ) {
    assert(last.results, 'the last stage has results')
    this.#results = last.results
    this.#views = returnViews(buffer)
    this.#vocabularySize = vocabularySize
    const { rings, stageBells, conductorBell } = layout
    this.#ring = new Ring(control, rings.at(-1)!, RESULT_SLOTS, stageBells.at(-1)!, conductorBell)
  }

  /** Opens the oldest returned micro-batch. Returns false where none has returned or one is still open. */
  open(): boolean {
    if (this.#base >= 0) return false
    const slot = this.#ring.peek()
    if (slot < 0) return false
    this.#base = this.#results.address + slot * this.#results.stride
    return true
  }

  get number(): MicroBatchNumber {
    return returnNumber(this.#views, this.#base)
  }

  get faults(): number {
    return returnFaultMask(this.#views, this.#base)
  }

  get stoppedUs(): number {
    return returnStoppedUs(this.#views, this.#base)
  }

  stageUs(stage: number): number {
    return returnStageUs(this.#views, this.#base, stage)
  }

  has(row: number): boolean {
    return returnEntryOfRow(this.#views, this.#base, row) >= 0
  }

  nanCount(row: number): number {
    return returnNanCount(this.#views, this.#base, this.#entry(row))
  }

  row(row: number): ResultRow {
    const entry = this.#entry(row)
    const { i32, f32 } = this.#views
    const count = returnTopCount(this.#views, this.#base, entry)
    const ids = returnIdsIndex(this.#base, entry)
    const logits = returnLogitsIndex(this.#base, entry)
    const all = returnLogitsOffsetBytes(this.#views, this.#base, entry) >>> 2
    return {
      ids: i32.subarray(ids, ids + count),
      logits: f32.subarray(logits, logits + count),
      logsumexp: returnLogsumexp(this.#views, this.#base, entry),
      count,
      full: (length = this.#vocabularySize) => f32.subarray(all, all + length),
    }
  }

  /** Gives the open record's slot and logits back to the last stage. */
  release(): void {
    assert(this.#base >= 0, 'release of no record')
    this.#base = -1
    this.#ring.release()
  }

  #entry(row: number): number {
    const entry = returnEntryOfRow(this.#views, this.#base, row)
    assert(entry >= 0, `row ${row} was judged but has no result`)
    return entry
  }
}
