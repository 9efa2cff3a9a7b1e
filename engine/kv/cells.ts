// Integer bookkeeping of KV cells: which are free, and how many sequences refer to each of the others. No policy and no
// contents: a cell is an index into memory that only stages know.
//
// Whoever admits a request allocates its worst case at once, so an admitted request never runs out of cells, and the
// cells of one request lie close together. A released cell may be handed out again immediately, even while a withdrawn
// row that writes it is still in flight: micro-batches pass every stage in order, so the new owner's row writes the cell
// after the old one did, and nobody reads a cell before its own row wrote it.
import type { CellIndex } from '../domain.ts'
import { assert } from '../errors.ts'

export class Cells {
  readonly capacity: number
  /** Stack of free cells; initially cell 0 is on top. */
  readonly #free: Int32Array
  #freeCount: number
  /** Sequences that refer to each cell, 0 for a free one. */
  readonly #references: Uint16Array

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity >= 1, `${capacity} KV cells`)
    this.capacity = capacity
    this.#free = Int32Array.from({ length: capacity }, (_, i) => capacity - 1 - i)
    this.#freeCount = capacity
    this.#references = new Uint16Array(capacity)
  }

  get freeCount(): number {
    return this.#freeCount
  }

  /** Appends `count` cells, each with one reference, to `into`. The caller has checked `freeCount`. */
  allocate(count: number, into: CellIndex[]): void {
    assert(count >= 0 && count <= this.#freeCount, `${count} KV cells wanted, ${this.#freeCount} are free`)
    for (let i = 0; i < count; i++) {
      const cell = this.#free[--this.#freeCount]!
      this.#references[cell] = 1
      into.push(cell as CellIndex)
    }
  }

  /** Adds one reference to each of the first `count` cells. */
  share(cells: readonly CellIndex[], count: number): void {
    for (let i = 0; i < count; i++) {
      const cell = cells[i]!
      assert(this.#references[cell]! > 0, `free KV cell ${cell} is shared`)
      this.#references[cell]!++
    }
  }

  /** Takes one reference from each cell; those without any are free. Last first, so that they are handed out in order. */
  release(cells: readonly CellIndex[]): void {
    for (let i = cells.length - 1; i >= 0; i--) {
      const cell = cells[i]!
      assert(this.#references[cell]! > 0, `free KV cell ${cell} is released`)
      if (--this.#references[cell]! === 0) this.#free[this.#freeCount++] = cell
    }
  }

  /** Sequences that refer to the cell. */
  references(cell: CellIndex): number {
    return this.#references[cell]!
  }
}
