// What a drafter proposes. Probabilities are integers, so that no float enters the scheduler.
import type { TokenId } from '../domain.ts'

/** The probability 1. */
export const PROBABILITY_ONE = 65536

/** A proposed token. Guesses come as a list in which parents stand before their children. */
export interface Guess {
  /** Index in the list of the guess this one follows, -1 for the place that was asked about. */
  readonly parent: number
  readonly token: TokenId
  /** The drafter's own probability of the token behind its parent, in 1 / PROBABILITY_ONE. */
  readonly probability: number
}

/** How likely all of a path is: the product of two probabilities, rounded down. */
export const joint = (a: number, b: number): number => Math.floor((a * b) / PROBABILITY_ONE)
