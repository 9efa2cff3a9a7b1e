// What the numbers of a schema are like. Plain data.

export interface Bound {
  readonly value: number
  /** The value itself is out of bounds. */
  readonly isExclusive: boolean
}

/** The smallest and the largest number; undefined where there is none. */
export interface NumberBounds {
  readonly minimum: Bound | undefined
  readonly maximum: Bound | undefined
}

/** Integers, numbers that are none, or both. */
export type NumberType = 'integer' | 'fraction' | 'number'

/** What a number's digits, with `digits` behind the point, are a multiple of, and what not. */
export interface Step {
  /** A multiple of all of those. */
  readonly of: number
  readonly digits: number
  readonly multiples: readonly number[]
  readonly others: readonly number[]
}

export interface NumberForm {
  readonly kind: NumberType
  readonly step: Step
}
