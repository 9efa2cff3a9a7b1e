// The rows of the micro-batch being computed, as one lane sees them: packed, so that every operation runs over
// `0 .. count - 1`. Packed row `i` is row `original[i]` of the slot. The rows of groups that die are dropped where the lanes
// have met, by the same decision in every lane.
import { groupsMask, rowCount, rowGroup, rowHead, rowPosition, rowToken } from '../wire/codec.ts'
import type { Lane } from './lane.ts'
import { rowsMax } from './memory/layout.ts'
import type { Region } from './memory/space.ts'

const NOTHING: readonly Region[] = []

export class RowSet {
  readonly #lane: Lane
  /** Slot row of each packed row. */
  readonly original: Int32Array
  /** Group of each slot row. */
  readonly #groups: Int32Array
  /** Head code of each slot row; kept, since the slot may be given away once the last layer is done. */
  readonly #heads: Int32Array
  /** Packed rows. */
  count = 0
  /** Word index of the slot. */
  slot = 0
  /** The residual stream, f32 [count][width]; its storage is the slot itself. */
  readonly x: { address: number; stride: number }
  /** Word with a bit for each group that this lane found a faulty row in. */
  readonly #faults: number
  /** Bit per group that is left. */
  alive = 0

  constructor(lane: Lane) {
    this.#lane = lane
    this.original = new Int32Array(rowsMax(lane.layout.sizes))
    this.#groups = new Int32Array(rowsMax(lane.layout.sizes))
    this.#heads = new Int32Array(rowsMax(lane.layout.sizes))
    this.#faults = (lane.layout.laneFaults >>> 2) + lane.index
    this.x = { address: 0, stride: lane.config.width * 4 }
  }

  /** Starts with all rows of input slot `index`. */
  open(index: number): void {
    const { input } = this.#lane.layout
    const address = input.address + index * input.stride
    this.slot = address >>> 2
    this.x.address = address + input.activations
    this.#lane.words[this.#faults] = 0
    this.count = rowCount(this.#lane.words, this.slot)
    for (let row = 0; row < this.count; row++) {
      this.original[row] = row
      this.#groups[row] = rowGroup(this.#lane.words, this.slot, row)
      this.#heads[row] = rowHead(this.#lane.words, this.slot, row)
    }
    this.alive = groupsMask(this.#groups[this.count - 1]! + 1)
  }

  token(row: number): number {
    return rowToken(this.#lane.words, this.slot, this.original[row]!)
  }

  position(row: number): number {
    return rowPosition(this.#lane.words, this.slot, this.original[row]!)
  }

  /** One of `HEAD_NONE` .. `HEAD_SCORED`. */
  head(row: number): number {
    return this.#heads[this.original[row]!]!
  }

  /** Notes that packed row `row` cannot be computed exactly: what it keeps did not fit its cells. */
  fault(row: number): void {
    this.#lane.words[this.#faults]! |= 1 << this.#groups[this.original[row]!]!
  }

  /**
   * All lanes meet, and the rows of groups that have died are dropped. What is still needed of a row is its residual stream and its
   * row of each region in `live`, which lane 0 moves together; then all meet again. Nothing else survives.
   */
  meet(live: readonly Region[] = NOTHING): void {
    const { index, sync } = this.#lane
    const alive = sync.barrier()
    if ((alive & this.alive) === this.alive) return
    this.alive &= alive
    let kept = 0
    for (let row = 0; row < this.count; row++) {
      const original = this.original[row]!
      if (((this.alive >>> this.#groups[original]!) & 1) === 0) continue
      if (index === 0 && kept !== row) {
        this.#move(this.x, row, kept)
        for (const region of live) this.#move(region, row, kept)
      }
      this.original[kept++] = original
    }
    this.count = kept
    sync.barrier()
  }

  #move({ address, stride }: Region, from: number, to: number): void {
    const at = (address + from * stride) >>> 2
    this.#lane.words.copyWithin((address + to * stride) >>> 2, at, at + (stride >>> 2))
  }

  /** Writes the rows' residual streams to word `at` of another memory, each at the place of its slot row. */
  copyTo(target: Int32Array, at: number): void {
    const { width } = this.#lane.config
    const x = this.x.address >>> 2
    const whole = this.original[this.count - 1] === this.count - 1
    if (whole) return target.set(this.#lane.words.subarray(x, x + this.count * width), at)
    for (let row = 0; row < this.count; row++) {
      const from = x + row * width
      target.set(this.#lane.words.subarray(from, from + width), at + this.original[row]! * width)
    }
  }
}
