// How good a drafter is for the text at hand: by the depth at which it is asked, how often it has a guess and how often
// that is right where all before it were. Old evidence fades: texts change.
import { PROBABILITY_ONE } from './guess.ts'

/** Depths that are told apart; deeper ones count with the last. */
export const DEPTHS = 16
/** What remains of the evidence after each new piece. */
const FADING = 0.99
/** Before anything is known: optimistic, so that drafting is tried. Worth so many pieces of evidence. */
const PRIOR = 0.75
const PRIOR_WEIGHT = 2
/** A depth with little evidence of its own is believed to be like the others; they are worth so many pieces. */
const OTHERS_WEIGHT = 4
/** Claimed chances are told apart in so many equal ranges. */
const CLAIM_RANGES = 8
/** Before anything is known claims are believed; worth so many tokens. */
const CLAIM_WEIGHT = 1

class Share {
  readonly #hits = new Float64Array(DEPTHS)
  readonly #trials = new Float64Array(DEPTHS)

  note(depth: number, isHit: boolean): void {
    for (let at = 0; at < DEPTHS; at++) {
      this.#hits[at]! *= FADING
      this.#trials[at]! *= FADING
    }
    const at = Math.min(depth, DEPTHS) - 1
    this.#trials[at]!++
    if (isHit) this.#hits[at]!++
  }

  get mean(): number {
    let [hits, trials] = [PRIOR * PRIOR_WEIGHT, PRIOR_WEIGHT]
    for (let at = 0; at < DEPTHS; at++) {
      hits += this.#hits[at]!
      trials += this.#trials[at]!
    }
    return hits / trials
  }

  at(depth: number): number {
    const at = Math.min(depth, DEPTHS) - 1
    return (this.#hits[at]! + OTHERS_WEIGHT * this.mean) / (this.#trials[at]! + OTHERS_WEIGHT)
  }

  get trials(): number {
    return this.#trials.reduce((sum, count) => sum + count, 0)
  }

  copyFrom(other: Share): void {
    this.#hits.set(other.#hits)
    this.#trials.set(other.#trials)
  }
}

/** What came of guesses by the chance the drafter claimed for them: a chain of modest claims may be a sure one. */
class Claims {
  readonly #right = new Float64Array(CLAIM_RANGES)
  /** Tokens that would have been right, had the claims been true. */
  readonly #claimed = new Float64Array(CLAIM_RANGES)

  note(probability: number, isRight: boolean): void {
    const at = rangeOf(probability)
    this.#right[at] = this.#right[at]! * FADING + (isRight ? 1 : 0)
    this.#claimed[at] = this.#claimed[at]! * FADING + probability / PROBABILITY_ONE
  }

  trueChance(probability: number): number {
    const at = rangeOf(probability)
    const ratio = (this.#right[at]! + CLAIM_WEIGHT) / (this.#claimed[at]! + CLAIM_WEIGHT)
    return Math.min(PROBABILITY_ONE, Math.round(probability * ratio))
  }

  copyFrom(other: Claims): void {
    this.#right.set(other.#right)
    this.#claimed.set(other.#claimed)
  }
}

const rangeOf = (probability: number): number =>
  Math.min(CLAIM_RANGES - 1, Math.floor((probability * CLAIM_RANGES) / PROBABILITY_ONE))

export class Acceptance {
  readonly #proposed = new Share()
  readonly #right = new Share()
  readonly #claims = new Claims()

  /** The drafter was asked for a token `depth` places ahead, from 1; whether it had a guess good enough to send. */
  noteAnswer(depth: number, isProposed: boolean): void {
    this.#proposed.note(depth, isProposed)
  }

  /** A token was guessed that far ahead, and all before it were right; whether it was, too. */
  noteVerdict(depth: number, isRight: boolean): void {
    this.#right.note(depth, isRight)
  }

  /** A token was guessed, sent or not, and all before it were right; what the drafter claimed, and whether it was, too. */
  noteClaim(probability: number, isRight: boolean): void {
    this.#claims.note(probability, isRight)
  }

  /** The chance of a guess, of which the drafter claims `probability`, both in 1 / PROBABILITY_ONE. */
  trueChance(probability: number): number {
    return this.#claims.trueChance(probability)
  }

  /** Chance that there is a guess. */
  proposedAt(depth: number): number {
    return this.#proposed.at(depth)
  }

  /** Chance that a guess is right. */
  rightAt(depth: number): number {
    return this.#right.at(depth)
  }

  /** Chance that there is a guess and it is right, at any depth. */
  get mean(): number {
    return this.#proposed.mean * this.#right.mean
  }

  /** Verdicts that still count. */
  get verdicts(): number {
    return this.#right.trials
  }

  copyFrom(other: Acceptance): void {
    this.#proposed.copyFrom(other.#proposed)
    this.#right.copyFrom(other.#right)
    this.#claims.copyFrom(other.#claims)
  }
}
