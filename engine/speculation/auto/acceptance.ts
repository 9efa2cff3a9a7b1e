// How good a drafter is for the text at hand: how often it has a guess, and how often one that is right. A guess whose
// assumptions are right is as good as if it had been made later, so it does not matter how far ahead that was; but right
// guesses come in stretches, so guesses behind one that was right are told from those behind one that was not. Old
// evidence fades: texts change.
import { PROBABILITY_ONE } from '../guess.ts'

/** What remains of the evidence after each new piece of its kind. */
const FADING = 0.99
/** Before anything is known: optimistic, so that drafting is tried. Worth so many pieces of evidence. */
const PRIOR = 0.75
const PRIOR_WEIGHT = 2
/** A kind with little evidence of its own is believed to be like the other; that is worth so many pieces. */
const OTHER_WEIGHT = 4
/** Claimed chances are told apart in so many equal ranges. */
const CLAIM_RANGES = 8
/** Before anything is known of claims they are believed, and modest ones to be at least this chance: so these are tried. */
const MODEST = PROBABILITY_ONE / 2

/** How often something happened behind a right guess, and elsewhere. */
class Share {
  readonly #hits = { streak: 0, start: 0 }
  readonly #trials = { streak: 0, start: 0 }

  note(place: GuessPlace, isHit: boolean): void {
    this.#hits[place] = this.#hits[place] * FADING + (isHit ? 1 : 0)
    this.#trials[place] = this.#trials[place] * FADING + 1
  }

  get mean(): number {
    const hits = this.#hits.start + this.#hits.streak + PRIOR * PRIOR_WEIGHT
    return hits / (this.#trials.start + this.#trials.streak + PRIOR_WEIGHT)
  }

  at(place: GuessPlace): number {
    return (this.#hits[place] + OTHER_WEIGHT * this.mean) / (this.#trials[place] + OTHER_WEIGHT)
  }

  /** How often this happened where `wider` did. */
  within(wider: Share, place: GuessPlace): number {
    const [hits, chances] = [this.#hits, wider.#hits]
    const mean = (hits.start + hits.streak + PRIOR * PRIOR_WEIGHT) / (chances.start + chances.streak + PRIOR_WEIGHT)
    return (hits[place] + OTHER_WEIGHT * mean) / (chances[place] + OTHER_WEIGHT)
  }

  copyFrom(other: Share): void {
    Object.assign(this.#hits, other.#hits)
    Object.assign(this.#trials, other.#trials)
  }
}

/** `streak`: behind a token that had been guessed. */
export type GuessPlace = 'start' | 'streak'

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
    const believed = Math.max(probability, MODEST) / PROBABILITY_ONE
    const claimed = this.#claimed[at]! + probability / PROBABILITY_ONE
    return Math.min(PROBABILITY_ONE, Math.round((probability * (this.#right[at]! + believed)) / claimed)) || 0
  }

  copyFrom(other: Claims): void {
    this.#right.set(other.#right)
    this.#claimed.set(other.#claimed)
  }
}

const rangeOf = (probability: number): number =>
  Math.min(CLAIM_RANGES - 1, Math.floor((probability * CLAIM_RANGES) / PROBABILITY_ONE))

export class Acceptance {
  readonly #guessed = new Share()
  readonly #right = new Share()
  readonly #claims = new Claims()
  #place: GuessPlace = 'start'

  /**
   * The next token is known of which the drafter had been asked in time: whether it had a guess good enough to send, and
   * whether that was right.
   */
  noteToken(isGuessed: boolean, isRight: boolean): void {
    this.#guessed.note(this.#place, isGuessed)
    this.#right.note(this.#place, isRight)
    this.#place = isRight ? 'streak' : 'start'
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
  guessedAt(place: GuessPlace): number {
    return this.#guessed.at(place)
  }

  /** Chance that there is a guess and it is right. */
  rightAt(place: GuessPlace): number {
    return this.#right.at(place)
  }

  /** Chance that a guess is right. */
  certaintyAt(place: GuessPlace): number {
    return this.#right.within(this.#guessed, place)
  }

  /** Chance that there is a guess and it is right, anywhere. */
  get mean(): number {
    return this.#right.mean
  }

  copyFrom(other: Acceptance): void {
    this.#guessed.copyFrom(other.#guessed)
    this.#right.copyFrom(other.#right)
    this.#claims.copyFrom(other.#claims)
  }
}

export type Chances = Pick<Acceptance, 'guessedAt' | 'rightAt'>

/** Of a drafter that is always right. */
export const PERFECT: Chances = { guessedAt: () => 1, rightAt: () => 1 }
