// Integer bookkeeping of KV cells: which are free, and who refers to each of the others. No policy and no contents: a cell
// is an index into memory that only stages know.
//
// Cells lie in runs of 16 consecutive ones, and whoever wants 16 gets a whole run while there is one, so that attention
// streams. References are counted cell by cell: sequences with the same beginning share its cells. A cell that only kept
// texts refer to is as good as free: they give way to anybody.
//
// A released cell may be handed out again immediately, even while a withdrawn row that writes it is still in flight:
// micro-batches pass every stage in order, so the new owner's row writes the cell after the old one did, and nobody reads a
// cell before its own row wrote it.
import type { CellIndex } from '../domain.ts'
import { assert } from '../errors.ts'

/** Cells of a run. */
export const RUN_CELLS = 16

export class Cells {
  readonly capacity: number
  #freeCount: number
  /** A bit for every free cell of each run. */
  readonly #free: Uint16Array
  /** The runs that are free as a whole, and those that are in part; an entry may be out of date. */
  readonly #whole: RunStack
  readonly #partial: RunStack
  /** Who refers to each cell, kept texts included; 0 for a free one. */
  readonly #references: Uint16Array
  /** The kept texts among them. */
  readonly #keepers: Uint16Array
  #keptCount = 0
  #inTextsCount = 0

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity >= 1, `${capacity} KV cells`)
    const runs = Math.ceil(capacity / RUN_CELLS)
    this.capacity = capacity
    this.#freeCount = capacity
    this.#free = new Uint16Array(runs).fill(0xffff)
    const last = capacity % RUN_CELLS
    if (last > 0) this.#free[runs - 1] = (1 << last) - 1
    this.#whole = new RunStack(runs)
    this.#partial = new RunStack(runs)
    for (let run = runs - 1; run >= 0; run--) this.#list(run)
    this.#references = new Uint16Array(capacity)
    this.#keepers = new Uint16Array(capacity)
  }

  get freeCount(): number {
    return this.#freeCount
  }
  /** Cells that only kept texts refer to. */
  get keptCount(): number {
    return this.#keptCount
  }

  /** Cells that kept texts refer to, whoever else does. */
  get inTextsCount(): number {
    return this.#inTextsCount
  }

  /** Appends `count` cells, each with one reference, to `into`: whole runs first. The caller has checked `freeCount`. */
  allocate(count: number, into: CellIndex[]): void {
    assert(count >= 0 && count <= this.#freeCount, `${count} KV cells wanted, ${this.#freeCount} are free`)
    let left = count
    while (left > 0) {
      const run = this.#runFor(left)
      left -= this.#takeOf(run, left, into)
    }
  }

  #runFor(count: number): number {
    const isWhole = (run: number) => this.#free[run] === 0xffff
    const isPartial = (run: number) => this.#free[run] !== 0 && this.#free[run] !== 0xffff
    const [first, second] = count >= RUN_CELLS ? [isWhole, isPartial] : [isPartial, isWhole]
    const stackOf = (wanted: typeof first) => (wanted === isWhole ? this.#whole : this.#partial)
    const run = stackOf(first).top(first) ?? stackOf(second).top(second)
    assert(run !== undefined, 'free KV cells are in no run')
    return run
  }

  /** Hands out at most `count` cells of a run. Returns how many. */
  #takeOf(run: number, count: number, into: CellIndex[]): number {
    let [taken, free] = [0, this.#free[run]!]
    while (taken < count && free !== 0) {
      const cell = run * RUN_CELLS + 31 - Math.clz32(free & -free)
      free &= free - 1
      this.#references[cell] = 1
      into.push(cell as CellIndex)
      taken++
    }
    this.#free[run] = free
    this.#freeCount -= taken
    this.#list(run)
    return taken
  }

  /** Puts a run where it is looked for. */
  #list(run: number): void {
    const free = this.#free[run]!
    if (free === 0xffff) this.#whole.push(run)
    else if (free !== 0) this.#partial.push(run)
  }

  /** Adds one reference to each of the first `count` cells. */
  share(cells: readonly CellIndex[], count: number): void {
    for (let i = 0; i < count; i++) this.#refer(cells[i]!, 0)
  }

  /** Takes one reference from each cell; those without any are free. */
  release(cells: readonly CellIndex[]): void {
    for (const cell of cells) this.#drop(cell, 0)
  }

  /** Adds the reference of a kept text to each cell. */
  keep(cells: readonly CellIndex[]): void {
    for (const cell of cells) {
      if (this.#keepers[cell] === 0) this.#inTextsCount++
      this.#refer(cell, 1)
    }
  }

  /** Takes back the reference of a kept text. */
  forget(cells: readonly CellIndex[]): void {
    for (const cell of cells) {
      this.#drop(cell, 1)
      if (this.#keepers[cell] === 0) this.#inTextsCount--
    }
  }

  #refer(cell: CellIndex, keepers: 0 | 1): void {
    assert(this.#references[cell]! > 0, `free KV cell ${cell} is shared`)
    const before = this.isKept(cell)
    this.#references[cell]!++
    this.#keepers[cell]! += keepers
    this.#keptCount += Number(this.isKept(cell)) - Number(before)
  }

  #drop(cell: CellIndex, keepers: 0 | 1): void {
    assert(this.#references[cell]! > 0, `free KV cell ${cell} is released`)
    assert(this.#keepers[cell]! >= keepers, `KV cell ${cell} is forgotten, and no text keeps it`)
    const before = this.isKept(cell)
    this.#references[cell]!--
    this.#keepers[cell]! -= keepers
    this.#keptCount += Number(this.isKept(cell)) - Number(before)
    if (this.#references[cell]! > 0) return
    const run = Math.floor(cell / RUN_CELLS)
    this.#free[run]! |= 1 << (cell % RUN_CELLS)
    this.#freeCount++
    this.#list(run)
  }

  /** Who refers to the cell, kept texts included. */
  references(cell: CellIndex): number {
    return this.#references[cell]!
  }

  /** Who refers to the cell, kept texts apart. */
  holders(cell: CellIndex): number {
    return this.#references[cell]! - this.#keepers[cell]!
  }

  /** Whether only kept texts refer to the cell. */
  isKept(cell: CellIndex): boolean {
    const references = this.#references[cell]!
    return references > 0 && references === this.#keepers[cell]
  }
}

/** Runs, each at most once, the newest on top. An entry that has become wrong is dropped when it comes up. */
class RunStack {
  readonly #runs: Int32Array
  readonly #has: Uint8Array
  #size = 0

  constructor(runs: number) {
    this.#runs = new Int32Array(runs)
    this.#has = new Uint8Array(runs)
  }

  push(run: number): void {
    if (this.#has[run] === 1) return
    this.#has[run] = 1
    this.#runs[this.#size++] = run
  }

  /** The newest that is as wanted. It stays. */
  top(isWanted: (run: number) => boolean): number | undefined {
    while (this.#size > 0) {
      const run = this.#runs[this.#size - 1]!
      if (isWanted(run)) return run
      this.#size--
      this.#has[run] = 0
    }
    return undefined
  }
}
