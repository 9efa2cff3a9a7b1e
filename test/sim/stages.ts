// Virtual stages: first-in first-out queues with random service times over the real slot layout. Each stage owns some
// layers and their cells; rows write their cells and read what they may see, as the real ones do. A row that the stage
// knows to be dead is not computed and poisons its cell; a living row that reads a poisoned or unwritten cell fails.
import type { MicroBatchNumber, Submission } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import type { Pipeline, ResultRow, Returned } from '../../engine/pipeline/pipeline.ts'
import * as codec from '../../engine/wire/codec.ts'
import { advance, attend, cellValue, embed, LAYERS } from './model.ts'
import type { Random } from './random.ts'

const UNWRITTEN = 0
const WRITTEN = 1
const POISONED = 2

/** A micro-batch between stages: its record, and the residual stream of its rows. */
interface Slot {
  readonly words: Int32Array
  readonly hidden: number[]
  /** Rows that some stage has not computed: they stay uncomputed. */
  readonly skipped: Set<number>
}

interface Layer {
  readonly values: Uint32Array
  readonly states: Uint8Array
  /** Position each cell was written for. */
  readonly positions: Int32Array
}

interface Stage {
  readonly layers: readonly number[]
  readonly queue: Slot[]
  /** When the oldest slot is done, and the mask as read when it was begun. */
  busyUntil: number
  maskAtStart: number
  lastNumber: number
}

export interface PipelineSizes {
  readonly stages: number
  readonly cells: number
  readonly sequences: number
  readonly contextLength: number
  readonly chunkRows: number
  readonly headRowsMax: number
  readonly inFlightMax: number
}

/** What lies in cells, per layer. */
export type CellImage = readonly (readonly number[])[]

export class VirtualPipeline implements Pipeline {
  readonly #random: Random
  readonly #sizes: PipelineSizes
  readonly #stages: Stage[]
  readonly #layers: Layer[]
  readonly #table: Int32Array
  readonly #masks = new Map<number, number>()
  readonly #inFlight = new Map<number, Int32Array>()
  /** A slot of the first ring. */
  readonly #slot: Int32Array
  readonly #returned: VirtualReturn[] = []
  #open: VirtualReturn | undefined
  readonly #faults: () => number
  /** The time of what happens; the driver sets it. */
  now = 0
  /** The newest micro-batch that has left the first stage. */
  passed = -1
  /** Rows computed although dead, because the stage had not seen the mask yet. */
  lateRows = 0
  /** Rows not computed. */
  skippedRows = 0

  /** `faults`: the rows of a returned micro-batch that report a fault, as a mask. */
  constructor(sizes: PipelineSizes, random: Random, faults: () => number = () => 0) {
    this.#random = random
    this.#faults = faults
    this.#slot = new Int32Array(codec.slotWords(sizes.chunkRows))
    this.#sizes = sizes
    const bounds = Array.from({ length: sizes.stages + 1 }, (_, i) => Math.floor((i * LAYERS) / sizes.stages))
    this.#stages = Array.from({ length: sizes.stages }, (_, i) => ({
      layers: Array.from({ length: bounds[i + 1]! - bounds[i]! }, (_, j) => bounds[i]! + j),
      queue: [],
      busyUntil: Number.POSITIVE_INFINITY,
      maskAtStart: 0,
      lastNumber: -1,
    }))
    this.#layers = Array.from({ length: LAYERS }, () => ({
      values: new Uint32Array(sizes.cells),
      states: new Uint8Array(sizes.cells).fill(UNWRITTEN),
      positions: new Int32Array(sizes.cells),
    }))
    this.#table = new Int32Array(sizes.sequences * sizes.contextLength)
  }

  /** Performs a `map` action: nobody alive may look at what changes. */
  map(sequence: number, from: number, cells: readonly number[]): void {
    for (const [number, words] of this.#inFlight) {
      for (let row = 0; row < codec.rowCount(words, 0); row++) {
        const sees = codec.rowSequence(words, 0, row) === sequence && codec.rowCommittedLength(words, 0, row) > from
        assert(!(sees && this.#isAlive(number, words, row)), `map of sequence ${sequence} changes what a live row sees`)
      }
    }
    assert(from + cells.length <= this.#sizes.contextLength, 'map beyond the context')
    this.#table.set(cells, sequence * this.#sizes.contextLength + from)
  }

  /** The contents of cells that hold a text. */
  read(cells: readonly number[]): CellImage {
    return this.#layers.map(({ values, states, positions }) =>
      cells.map((cell, position) => {
        assert(states[cell] === WRITTEN && positions[cell] === position, 'a kept cell does not hold its token')
        return values[cell]!
      }),
    )
  }

  write(cells: readonly number[], image: CellImage): void {
    this.#layers.forEach(({ values, states, positions }, layer) => {
      cells.forEach((cell, position) => {
        values[cell] = image[layer]![position]!
        states[cell] = WRITTEN
        positions[cell] = position
      })
    })
  }

  submit({ microBatch }: Submission): void {
    assert(this.#inFlight.size < this.#sizes.inFlightMax, 'too many micro-batches in flight')
    codec.encodeMicroBatch(this.#slot, 0, microBatch)
    const words = this.#slot.slice(0, codec.usedWords(this.#slot, 0))
    const number = codec.microBatchNumber(words, 0)
    const rows = codec.rowCount(words, 0)
    assert(codec.headRowCount(words, 0) <= this.#sizes.headRowsMax, 'more head rows than the arena holds')
    this.#masks.set(number, -1)
    this.#inFlight.set(number, words)
    const hidden = Array.from({ length: rows }, (_, row) =>
      embed(codec.rowToken(words, 0, row), codec.rowPosition(words, 0, row)),
    )
    this.#enqueue(0, { words, hidden, skipped: new Set() }, this.now)
  }

  cancel(number: number, rows: number): number {
    const words = this.#inFlight.get(number)
    assert(words, `cancel of micro-batch ${number}, which is not in flight`)
    const chunk = codec.microBatchKind(words, 0) === codec.KIND_CHUNK
    assert(!chunk || rows === -1, 'a chunk is cancelled in part')
    assert(chunk || rows >>> 0 < 2 ** codec.rowCount(words, 0), 'cancel of rows that do not exist')
    const left = this.#masks.get(number)! & ~rows
    this.#masks.set(number, left)
    return left
  }

  /** When the next stage is done. */
  get nextTime(): number {
    return Math.min(...this.#stages.map(({ busyUntil }) => busyUntil))
  }

  /** Completes the stage that is done at `now`. */
  step(now: number): void {
    const index = this.#stages.findIndex(({ busyUntil }) => busyUntil === now)
    const stage = this.#stages[index]!
    const slot = stage.queue.shift()!
    const number = codec.microBatchNumber(slot.words, 0)
    assert(number > stage.lastNumber, 'micro-batches overtake each other')
    stage.lastNumber = number
    if (index === 0) this.passed = number
    this.#compute(stage, slot, number)
    stage.busyUntil = Number.POSITIVE_INFINITY
    this.#begin(stage, now)
    if (index + 1 < this.#stages.length) this.#enqueue(index + 1, slot, now)
    else this.#return(slot, number)
  }

  #enqueue(index: number, slot: Slot, now: number): void {
    const stage = this.#stages[index]!
    stage.queue.push(slot)
    this.#begin(stage, now)
  }

  #begin(stage: Stage, now: number): void {
    const slot = stage.queue[0]
    if (!slot || stage.busyUntil !== Number.POSITIVE_INFINITY) return
    stage.maskAtStart = this.#masks.get(codec.microBatchNumber(slot.words, 0))!
    // Fractions keep two stages from being done at the same moment.
    stage.busyUntil = now + this.#random.int(1, 20) + this.#random.int(1, 1_000_000) / 1_000_003
  }

  #isAlive(number: number, words: Int32Array, row: number): boolean {
    const mask = this.#masks.get(number)!
    return codec.microBatchKind(words, 0) === codec.KIND_CHUNK ? mask !== 0 : ((mask >>> row) & 1) === 1
  }

  #compute(stage: Stage, slot: Slot, number: number): void {
    const { words, skipped } = slot
    const rows = codec.rowCount(words, 0)
    const chunk = codec.microBatchKind(words, 0) === codec.KIND_CHUNK
    // The mask may have been read before or after the latest cancel.
    const seen = this.#random.chance(0.5) ? stage.maskAtStart : this.#masks.get(number)!
    for (let row = 0; row < rows; row++) {
      const dead = chunk ? seen === 0 : ((seen >>> row) & 1) === 0
      if (dead) skipped.add(row)
    }
    this.skippedRows += skipped.size
    for (const layer of stage.layers) this.#computeLayer(layer, slot, number, rows)
  }

  #computeLayer(layer: number, { words, hidden, skipped }: Slot, number: number, rows: number): void {
    const { values, states, positions } = this.#layers[layer]!
    for (let row = 0; row < rows; row++) {
      const cell = codec.rowCell(words, 0, row)
      assert(cell >= 0 && cell < this.#sizes.cells, `row writes cell ${cell} of ${this.#sizes.cells}`)
      values[cell] = cellValue(hidden[row]!, layer)
      states[cell] = skipped.has(row) ? POISONED : WRITTEN
      positions[cell] = codec.rowPosition(words, 0, row)
    }
    for (let row = 0; row < rows; row++) {
      if (skipped.has(row)) continue
      const alive = this.#isAlive(number, words, row)
      if (!alive) this.lateRows++
      hidden[row] = advance(hidden[row]!, this.#attend(this.#layers[layer]!, words, row, alive))
    }
  }

  #attend({ values, states, positions }: Layer, words: Int32Array, row: number, alive: boolean): number {
    const committed = codec.rowCommittedLength(words, 0, row)
    const position = codec.rowPosition(words, 0, row)
    const table = codec.rowSequence(words, 0, row) * this.#sizes.contextLength
    const ancestors = codec.rowAncestorIndex(words, 0, row)
    const cells = committed + codec.rowAncestorCount(words, 0, row)
    assert(cells === position + 1, `a row at position ${position} sees ${cells} cells`)
    let sum = 0
    for (let at = 0; at <= position; at++) {
      const cell = at < committed ? this.#table[table + at]! : words[ancestors + at - committed]!
      assert(cell >= 0 && cell < this.#sizes.cells, `row reads cell ${cell} of ${this.#sizes.cells}`)
      const good = states[cell] === WRITTEN && positions[cell] === at
      assert(good || !alive, `a live row at position ${position} reads a cell nobody wrote for position ${at}`)
      sum = attend(sum, values[cell]!)
    }
    return sum
  }

  #return(slot: Slot, number: number): void {
    const { words, hidden, skipped } = slot
    const views = codec.returnViews(new ArrayBuffer(codec.returnSlotBytes(codec.headRowCount(words, 0))))
    let entry = 0
    for (let row = 0; row < codec.rowCount(words, 0); row++) {
      if (codec.rowHead(words, 0, row) === codec.HEAD_NONE || skipped.has(row)) continue
      codec.writeReturnEntry(views, 0, entry, row, 4 * row, 0, 1, 0)
      views.i32[codec.returnIdsIndex(0, entry++)] = hidden[row]!
    }
    codec.beginReturn(views, 0, codec.microBatchNumber(words, 0), entry)
    this.#returned.push(new VirtualReturn(views, number as MicroBatchNumber, this.#faults()))
  }

  /** Until a micro-batch that has left the last stage is collected, it can be cancelled without effect. */
  collect(): VirtualReturn | undefined {
    if (this.#open) return undefined
    this.#open = this.#returned.shift()
    if (!this.#open) return undefined
    this.#inFlight.delete(this.#open.number)
    this.#masks.delete(this.#open.number)
    return this.#open
  }

  release(): void {
    assert(this.#open, 'release of no micro-batch')
    this.#open = undefined
  }

  get hasReturned(): boolean {
    return this.#returned.length > 0
  }
}

class VirtualReturn implements Returned {
  readonly number: MicroBatchNumber
  readonly faults: number
  readonly stoppedUs = 0
  readonly #views: codec.ReturnViews

  constructor(views: codec.ReturnViews, number: MicroBatchNumber, faults: number) {
    this.#views = views
    this.number = number
    this.faults = faults
  }

  has(row: number): boolean {
    return codec.returnEntryOfRow(this.#views, 0, row) >= 0
  }

  nanCount(): number {
    return 0
  }

  /** What the model made of a row. */
  result(row: number): number {
    const entry = codec.returnEntryOfRow(this.#views, 0, row)
    assert(entry >= 0, `row ${row} is judged but was not computed`)
    return this.#views.i32[codec.returnIdsIndex(0, entry)]! >>> 0
  }

  /** The result stands in place of the best token. */
  row(row: number): ResultRow {
    const ids = Int32Array.of(this.result(row))
    return { ids, logits: new Float32Array(1), logsumexp: 0, count: 1, full: () => new Float32Array(0) }
  }
}
