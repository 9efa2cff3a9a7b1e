// How many rows of prompts a micro-batch takes, by what it may cost. Beside sequences that decode, a step may take
// `gapPercent` of the time it takes without prompts: the most rows that this allows go into every step, since fewer, fuller
// steps cost less than many. Prompts always get the rows up to the knee of the price curve, which cost nearly nothing, and a
// quarter of all, so that they never starve. Alone they go in chunks of bounded time: whoever comes meanwhile waits for one.
import type { Position } from '../domain.ts'
import type { StepPrices } from '../speculation/prices.ts'

/** A chunk of prompts alone takes at most so long, unless it has only so few rows. */
const CHUNK_US_MAX = 250_000
const CHUNK_ROWS_LEAST = 32
/** Up to the knee a step takes at most this percentage of what it takes with one row. */
const KNEE_PERCENT = 125
/** Rows that cost as much as one where no prices are known: about as many as it takes to use a core's arithmetic. */
const CHEAP_ROWS = 16

/** Where no prices are known: rows are counted. */
export const PRICES_BY_ROWS: StepPrices = { stepUs: (rows) => Math.max(CHEAP_ROWS, rows) }

/** What is in a micro-batch: rows, and the positions that they read. */
export interface StepLoad {
  readonly rows: number
  readonly positions: number
}

export class PromptRoom {
  readonly #prices: StepPrices
  readonly #us: number
  /** Rows of prompts that are taken whatever they cost, and that are left at most. */
  #rowsLeast: number
  #rowsLeft: number
  #rows: number
  #positions: number

  private constructor(prices: StepPrices, us: number, rowsLeast: number, rowsLeft: number, load: StepLoad) {
    this.#prices = prices
    this.#us = us
    this.#rowsLeast = rowsLeast
    this.#rowsLeft = rowsLeft
    this.#rows = load.rows
    this.#positions = load.positions
  }

  /** Nobody decodes. */
  static alone(prices: StepPrices, rowsMax: number): PromptRoom {
    return new PromptRoom(prices, CHUNK_US_MAX, CHUNK_ROWS_LEAST, rowsMax, { rows: 0, positions: 0 })
  }

  /** Beside a step of sequences that decode, which has `load`; one of its own, with nothing else in it, is to take no longer. */
  static beside(
    prices: StepPrices,
    rowsMax: number,
    gapPercent: number,
    step: StepLoad,
    load: StepLoad = step,
  ): PromptRoom {
    const us = Math.floor((prices.stepUs(step.rows, step.positions) * gapPercent) / 100)
    const rowsLeast = Math.max(kneeOf(prices, rowsMax) - load.rows, Math.ceil(step.rows / 3))
    return new PromptRoom(prices, us, rowsLeast, rowsMax, load)
  }

  /** Takes rows of a prompt, of which `most` could go, from position `from` on; returns how many. */
  take(from: Position, most: number): number {
    const bound = Math.min(most, this.#rowsLeft)
    const rows = Math.max(
      Math.min(bound, this.#rowsLeast),
      greatest(bound, (count) => this.#costs(from, count)),
    )
    this.#rowsLeft -= rows
    this.#rowsLeast = Math.max(0, this.#rowsLeast - rows)
    this.#rows += rows
    this.#positions += readBy(from, rows)
    return rows
  }

  /** Whether it is within its price with `count` more rows. */
  #costs(from: Position, count: number): boolean {
    return this.#prices.stepUs(this.#rows + count, this.#positions + readBy(from, count)) <= this.#us
  }
}

/** Positions that `count` rows from position `from` on read, themselves included. */
export const readBy = (from: Position, count: number): number => count * from + (count * (count + 1)) / 2

/** The rows that a step has nearly for the price of one. */
const kneeOf = (prices: StepPrices, rowsMax: number): number => {
  const us = Math.floor((prices.stepUs(1, 1) * KNEE_PERCENT) / 100)
  return Math.max(
    1,
    greatest(rowsMax, (rows) => prices.stepUs(rows, rows) <= us),
  )
}

/** The greatest count up to `most` that is fine, where all below one that is fine are; 0 where none is. */
function greatest(most: number, isFine: (count: number) => boolean): number {
  if (most <= 0 || isFine(most)) return Math.max(0, most)
  let [fine, not] = [0, most]
  while (not - fine > 1) {
    const middle = (fine + not) >> 1
    if (isFine(middle)) fine = middle
    else not = middle
  }
  return fine
}
