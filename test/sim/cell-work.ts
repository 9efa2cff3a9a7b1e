// What the simulator's virtual stages do: each owns some layers and their cells; rows, in the real slot layout, write their
// cells and read what they may see, after random times. A row that the stage knows to be dead is not computed and poisons
// its cell; a living row that reads a poisoned or unwritten cell fails.

import type { Random } from '../../bench/forge/random.ts'
import { groupRowsOf, type StageWork, type Travel, VirtualPipeline } from '../../bench/pipeline/virtual-pipeline.ts'
import type { MicroBatchNumber, Submission } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import type { ResultRow, Returned } from '../../engine/pipeline/pipeline.ts'
import * as codec from '../../engine/wire/codec.ts'
import { advance, attend, cellValue, embed, LAYERS } from './model.ts'

const UNWRITTEN = 0
const WRITTEN = 1
const POISONED = 2
/** Written by a row with a fault, or by one that has read such a cell. */
const FAULTY = 3

/** A micro-batch between stages: its record, and the residual stream of its rows. */
interface Slot extends Travel {
  readonly number: MicroBatchNumber
  readonly words: Int32Array
  readonly rows: number
  readonly hidden: number[]
  /** Rows that some stage has not computed: they stay uncomputed. */
  readonly skipped: Set<number>
  /** Groups with a fault, as they will be reported. */
  readonly faults: number
  /** Rows that have read what a fault has spoilt. */
  readonly spoilt: Set<number>
  /** The mask as read when the stage began. */
  aliveAtBegin: number
}

interface Layer {
  readonly values: Uint32Array
  readonly states: Uint8Array
  /** Position each cell was written for. */
  readonly positions: Int32Array
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

export type SimulatedPipeline = VirtualPipeline<Slot, SimulatedReturn>

export class CellWork implements StageWork<Slot, SimulatedReturn> {
  readonly hop = 0
  readonly #random: Random
  readonly #sizes: PipelineSizes
  readonly #layers: Layer[]
  readonly #table: Int32Array
  /** A slot of the first ring. */
  readonly #slot: Int32Array
  readonly #faults: () => number
  /** Rows computed although dead, because the stage had not seen the mask yet. */
  lateRows = 0
  /** Rows not computed. */
  skippedRows = 0

  /** `faults`: the groups of a returned micro-batch that report a fault, as a mask. */
  constructor(sizes: PipelineSizes, random: Random, faults: () => number = () => 0) {
    this.#random = random
    this.#faults = faults
    this.#slot = new Int32Array(codec.slotWords(sizes.chunkRows))
    this.#sizes = sizes
    this.#layers = Array.from({ length: LAYERS }, () => ({
      values: new Uint32Array(sizes.cells),
      states: new Uint8Array(sizes.cells).fill(UNWRITTEN),
      positions: new Int32Array(sizes.cells),
    }))
    this.#table = new Int32Array(sizes.sequences * sizes.contextLength)
  }

  /** Stages that do this work. */
  pipeline(): SimulatedPipeline {
    return new VirtualPipeline(this, this.#sizes.stages, this.#sizes.inFlightMax)
  }

  /** Nobody alive may look at what changes. */
  map(sequence: number, from: number, cells: readonly number[], inFlight: Iterable<Slot>): void {
    for (const slot of inFlight) {
      const { words } = slot
      for (let row = 0; row < slot.rows; row++) {
        const sees = codec.rowSequence(words, 0, row) === sequence && codec.rowCommittedLength(words, 0, row) > from
        assert(!(sees && isAlive(slot, slot.alive, row)), `map of sequence ${sequence} changes what a live row sees`)
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

  enter({ microBatch }: Submission): Slot {
    codec.encodeMicroBatch(this.#slot, 0, microBatch)
    const words = this.#slot.slice(0, codec.usedWords(this.#slot, 0))
    const rows = codec.rowCount(words, 0)
    assert(codec.headRowCount(words, 0) <= this.#sizes.headRowsMax, 'more head rows than the arena holds')
    const hidden = Array.from({ length: rows }, (_, row) =>
      embed(codec.rowToken(words, 0, row), codec.rowPosition(words, 0, row)),
    )
    const groupRows = groupRowsOf(microBatch)
    const alive = codec.aliveGroups(words, 0)
    const number = codec.microBatchNumber(words, 0) as MicroBatchNumber
    const fresh = { skipped: new Set<number>(), spoilt: new Set<number>(), faults: this.#faults() }
    return { number, groupRows, rows, alive, aliveAtBegin: alive, words, hidden, ...fresh }
  }

  begin(slot: Slot): number {
    slot.aliveAtBegin = slot.alive
    // Fractions keep two stages from being done at the same moment.
    return this.#random.int(1, 12 + slot.rows) + this.#random.int(1, 1_000_000) / 1_000_003
  }

  end(slot: Slot, stage: number): void {
    // The mask may have been read before or after the latest cancel.
    const seen = this.#random.chance(0.5) ? slot.aliveAtBegin : slot.alive
    for (let row = 0; row < slot.rows; row++) if (!isAlive(slot, seen, row)) slot.skipped.add(row)
    this.skippedRows += slot.skipped.size
    const [first, end] = [stage, stage + 1].map((at) => Math.floor((at * LAYERS) / this.#sizes.stages))
    for (let layer = first!; layer < end!; layer++) this.#computeLayer(layer, slot)
  }

  /** Stages of the simulator look at the mask when they begin and when they end. */
  stopAfter(): number {
    return Number.POSITIVE_INFINITY
  }

  passed(): void {}

  #computeLayer(layer: number, slot: Slot): void {
    const { words, hidden, skipped, rows } = slot
    const { values, states, positions } = this.#layers[layer]!
    for (let row = 0; row < rows; row++) {
      const cell = codec.rowCell(words, 0, row)
      assert(cell >= 0 && cell < this.#sizes.cells, `row writes cell ${cell} of ${this.#sizes.cells}`)
      values[cell] = cellValue(hidden[row]!, layer)
      states[cell] = skipped.has(row) ? POISONED : isFaulty(slot, row) ? FAULTY : WRITTEN
      positions[cell] = codec.rowPosition(words, 0, row)
    }
    for (let row = 0; row < rows; row++) {
      if (skipped.has(row)) continue
      const alive = isAlive(slot, slot.alive, row)
      if (!alive) this.lateRows++
      hidden[row] = advance(hidden[row]!, this.#attend(this.#layers[layer]!, slot, row, alive))
    }
  }

  #attend({ values, states, positions }: Layer, { words, spoilt }: Slot, row: number, alive: boolean): number {
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
      if (states[cell] === FAULTY) spoilt.add(row)
      const good = (states[cell] === WRITTEN || states[cell] === FAULTY) && positions[cell] === at
      assert(good || !alive, `a live row at position ${position} reads a cell nobody wrote for position ${at}`)
      sum = attend(sum, values[cell]!)
    }
    return sum
  }

  result({ words, hidden, skipped, faults, spoilt }: Slot, number: MicroBatchNumber): SimulatedReturn {
    const views = codec.returnViews(new ArrayBuffer(codec.returnSlotBytes(codec.headRowCount(words, 0))))
    let entry = 0
    for (let row = 0; row < codec.rowCount(words, 0); row++) {
      if (codec.rowHead(words, 0, row) === codec.HEAD_NONE || skipped.has(row)) continue
      codec.writeReturnEntry(views, 0, entry, row, 4 * row, 0, 1, 0)
      views.i32[codec.returnIdsIndex(0, entry++)] = hidden[row]!
    }
    codec.beginReturn(views, 0, codec.microBatchNumber(words, 0), entry)
    return new SimulatedReturn(views, number, faults, spoilt)
  }
}

const isAlive = ({ words }: Slot, mask: number, row: number): boolean =>
  ((mask >>> codec.rowGroup(words, 0, row)) & 1) === 1

const isFaulty = ({ words, faults, spoilt }: Slot, row: number): boolean =>
  spoilt.has(row) || ((faults >>> codec.rowGroup(words, 0, row)) & 1) === 1

export class SimulatedReturn implements Returned {
  readonly number: MicroBatchNumber
  readonly faults: number
  readonly stoppedUs = 0
  readonly stageUs = () => 0
  readonly #views: codec.ReturnViews
  readonly #spoilt: ReadonlySet<number>

  constructor(views: codec.ReturnViews, number: MicroBatchNumber, faults: number, spoilt: ReadonlySet<number>) {
    this.#spoilt = spoilt
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
    assert(!this.#spoilt.has(row), `row ${row} is judged and has read a cell with a fault`)
    return this.#views.i32[codec.returnIdsIndex(0, entry)]! >>> 0
  }

  /** The result stands in place of the best token. */
  row(row: number): ResultRow {
    const ids = Int32Array.of(this.result(row))
    return { ids, logits: new Float32Array(1), logsumexp: 0, count: 1, full: () => new Float32Array(0) }
  }
}
