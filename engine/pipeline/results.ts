// The conductor's end of the result ring: the oldest returned micro-batch and the records of its rows. Records and
// logits are read where the last stage wrote them, until `release`.
import type { MicroBatchNumber } from '../domain.ts'
import { assert } from '../errors.ts'
import { RESULT_SLOTS, type StageLayout } from '../model/layout.ts'
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
  returnStoppedUs,
  returnTopCount,
  returnViews,
} from './codec.ts'
import type { ControlLayout } from './control.ts'
import { Ring } from './ring.ts'

/** What the last stage said about one row. The arrays are views into its memory: valid until `release`. */
export interface ResultRow {
  /** Best tokens, best first. */
  readonly ids: Int32Array
  /** Their logits. */
  readonly logits: Float32Array
  /** Of the whole row; NaN where only the best token was asked for. */
  readonly logsumexp: number
  readonly count: number
  /** All logits, f32 [vocabulary], or as many elements of an embedding. */
  readonly full: (length?: number) => Float32Array
}

export class Results {
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

  /** Opens the oldest returned micro-batch; undefined where none has returned or one is still open. */
  open(): MicroBatchNumber | undefined {
    if (this.#base >= 0) return undefined
    const slot = this.#ring.peek()
    if (slot < 0) return undefined
    this.#base = this.#results.address + slot * this.#results.stride
    return returnNumber(this.#views, this.#base)
  }

  /** Bit per row of the open record whose K or V overflowed; all bits for a chunk. */
  get faults(): number {
    return returnFaultMask(this.#views, this.#base)
  }

  /** When a stage stopped in the middle of the open record's micro-batch; 0 where none did. See clock.ts. */
  get stoppedUs(): number {
    return returnStoppedUs(this.#views, this.#base)
  }

  /** Whether the open record has a result of the row: it had a head, and was alive. */
  has(row: number): boolean {
    return returnEntryOfRow(this.#views, this.#base, row) >= 0
  }

  /** How many logits of the row are NaN. */
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
