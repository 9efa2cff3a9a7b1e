// Which expert each row goes through, ordered so that the rows of an expert follow one another. Pure.

/** An assignment is a row together with one of the experts it goes through. */
export class Assignments {
  readonly #used: number
  /** First assignment of each expert, and behind the last one their number. */
  readonly starts: Int32Array
  /** Row of each assignment. */
  readonly rows: Int32Array
  /** [row][slot]: number of the assignment to the row's expert in that slot. */
  readonly #numbers: Int32Array
  readonly #experts: Int32Array
  readonly #weights: Float32Array

  constructor(expertCount: number, used: number, rowsMax: number) {
    this.#used = used
    this.starts = new Int32Array(expertCount + 1)
    this.rows = new Int32Array(rowsMax * used)
    this.#numbers = new Int32Array(rowsMax * used)
    this.#experts = new Int32Array(rowsMax * used)
    this.#weights = new Float32Array(rowsMax * used)
  }

  /** Notes the expert in a slot of a row and the weight of what it computes. */
  set(row: number, slot: number, expert: number, weight: number): void {
    this.#experts[row * this.#used + slot] = expert
    this.#weights[row * this.#used + slot] = weight
  }

  weight(row: number, slot: number): number {
    return this.#weights[row * this.#used + slot]!
  }

  number(row: number, slot: number): number {
    return this.#numbers[row * this.#used + slot]!
  }

  /** Numbers the assignments of `rowCount` rows by expert, those of an expert by row. Returns how many there are. */
  order(rowCount: number): number {
    const { starts, rows } = this
    const total = rowCount * this.#used
    starts.fill(0)
    for (let i = 0; i < total; i++) starts[this.#experts[i]! + 1]!++
    for (let expert = 1; expert < starts.length; expert++) starts[expert]! += starts[expert - 1]!
    // Every start moves up to the start of the expert behind it, and back again.
    for (let i = 0; i < total; i++) {
      const number = starts[this.#experts[i]!]!++
      rows[number] = Math.floor(i / this.#used)
      this.#numbers[i] = number
    }
    starts.copyWithin(1, 0)
    starts[0] = 0
    return total
  }
}
