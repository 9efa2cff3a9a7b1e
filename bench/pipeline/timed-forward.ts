// What a lane of an emulated stage computes with: nothing, for a given time. The threads, rings, masks and records around
// it are the real ones. The time is a wait in slices, with a look at the alive rows between them.
//
// A link is emulated where it ends: a stage looks at a micro-batch only when the time of the hop has passed since it was
// sent. The last hop ends at the conductor, which cannot be made to wait; so where hops take time the last stage is no stage
// but the end of that link, and reports what the model would.
import type { MicroBatchNumber } from '../../engine/domain.ts'
import { type LaneForward, Withdrawn } from '../../engine/model/lane.ts'
import type { CreateForward, ForwardParts } from '../../engine/model/weights-forward.ts'
import { clockUs, elapsedUs } from '../../engine/wire/clock.ts'
import {
  beginReturn,
  HEAD_NONE,
  microBatchNumber,
  type ReturnViews,
  returnIdsIndex,
  returnLogitsIndex,
  returnViews,
  rowCount,
  rowGroup,
  rowHead,
  rowPosition,
  rowToken,
  sentUs,
  writeReturnEntry,
} from '../../engine/wire/codec.ts'
import { guessToken, jitterFactor, rightToken } from './script.ts'

/** A `PipelineSetting` as one of its models sees it. */
export interface TimedSettings {
  readonly model: 'target' | 'drafter'
  /** By number of rows; the last entry is for all larger ones. */
  readonly stageMs: readonly number[]
  readonly hopMs: number
  readonly sliceMs: number
  readonly jitter: number
  /** The drafter is always sure. */
  readonly accuracy: number
}

export const createForward: CreateForward = (parts) => new TimedForward(parts, parts.settings as TimedSettings)

class TimedForward implements LaneForward {
  readonly rows = { count: 0, alive: 0, copyTo: () => {} }
  readonly #parts: ForwardParts
  readonly #settings: TimedSettings
  readonly #words: Int32Array
  readonly #views: ReturnViews
  /** Nobody ever rings it. */
  readonly #never = new Int32Array(new SharedArrayBuffer(4))
  /** By how much the waits so far were too long, together. */
  #lateUs = 0

  constructor(parts: ForwardParts, settings: TimedSettings) {
    this.#parts = parts
    this.#settings = settings
    this.#words = new Int32Array(parts.memory.buffer)
    this.#views = returnViews(parts.memory.buffer)
  }

  arrive(record: number): void {
    if (this.#parts.layout.range.isFirst) return
    const travelledUs = elapsedUs(sentUs(this.#words, record), clockUs())
    this.#wait(this.#settings.hopMs * 1000 - travelledUs, () => true)
  }

  run(slot: number, resultSlot: number): void {
    const { layout, sync } = this.#parts
    const { range, input } = layout
    const record = (input.address + slot * input.stride) >>> 2
    this.rows.alive = sync.alive()
    this.rows.count = this.#countAlive(record)
    const { stageMs, hopMs } = this.#settings
    if (hopMs === 0 || !range.isLast) {
      const ms = stageMs[Math.min(this.rows.count, stageMs.length - 1)]!
      const number = microBatchNumber(this.#words, record)
      const us = ms * 1000 * jitterFactor(this.#settings, range.first, number)
      if (!this.#wait(us, () => sync.alive() !== 0)) throw new Withdrawn()
    }
    if (range.isLast) this.#report(record, resultSlot)
  }

  #countAlive(record: number): number {
    let count = 0
    for (let row = 0; row < rowCount(this.#words, record); row++) {
      count += (this.rows.alive >>> rowGroup(this.#words, record, row)) & 1
    }
    return count
  }

  /** Waits; false as soon as `goesOn` says so, looking every slice. */
  #wait(us: number, goesOn: () => boolean): boolean {
    const untilUs = clockUs() + us - this.#lateUs
    this.#lateUs = 0
    for (;;) {
      const leftUs = untilUs - clockUs()
      if (leftUs <= 0) {
        // The next wait is so much shorter: what is emulated is the sum.
        if (us > 0) this.#lateUs = Math.min(-leftUs, us)
        return true
      }
      Atomics.wait(this.#never, 0, 0, Math.min(leftUs / 1000, this.#settings.sliceMs))
      if (!goesOn()) return false
    }
  }

  #report(record: number, resultSlot: number): void {
    const results = this.#parts.layout.results!
    const base = results.address + resultSlot * results.stride
    const words = this.#words
    let entries = 0
    for (let row = 0; row < rowCount(words, record); row++) {
      if (rowHead(words, record, row) === HEAD_NONE) continue
      writeReturnEntry(this.#views, base, entries, row, results.logits.address, 0, 1, 0)
      this.#views.i32[returnIdsIndex(base, entries)] = this.#tokenAfter(record, row)
      this.#views.f32[returnLogitsIndex(base, entries)] = 0
      entries++
    }
    beginReturn(this.#views, base, microBatchNumber(words, record) as MicroBatchNumber, entries)
  }

  #tokenAfter(record: number, row: number): number {
    const position = rowPosition(this.#words, record, row)
    if (this.#settings.model === 'target') return rightToken(position + 1)
    // A drafter that goes on from a wrong token stays wrong.
    const isRight = rowToken(this.#words, record, row) === rightToken(position)
    return guessToken(this.#settings, position + 1, isRight)
  }
}
