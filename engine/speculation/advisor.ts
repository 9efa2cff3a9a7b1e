// The wall between the scheduler and whoever forecasts: integers in, integers out. An advisor hears what steps took and
// what became of guesses, and says how the sequences that leave it to him should speculate. Means, floats and what they
// are good for are behind it (speculation/auto/). Times are microseconds from anywhere, that never go back.
import type { RequestId } from '../domain.ts'
import type { PolicyName } from './policies/index.ts'

/** Names a sequence to the advisor; never reused. */
export type AdvisedKey = number

export interface Advice {
  readonly policy: PolicyName
  /** Most drafted tokens of a round (`sync`) or a micro-batch (`pipe`); no matter with `off`. */
  readonly nMax: number
  /** Guesses below this chance are not worth their row, in 1 / PROBABILITY_ONE. */
  readonly worthMin: number
}

/** Learns how good the guesses for a sequence are. Chances in 1 / PROBABILITY_ONE. */
export interface Learner {
  /** A token was guessed, and all before it were right: what the drafter claimed, and whether it was right, too. */
  noteClaim(probability: number, isRight: boolean): void
  /** The next token is known, about which the drafter had been asked in time: whether it had a guess, and a right one. */
  noteToken(isGuessed: boolean, isRight: boolean): void
  /** The chance of a guess, of which the drafter claims `probability`. */
  trueChance(probability: number): number
}

/** A micro-batch whose rows were all computed. */
export interface StepTimes {
  readonly rows: number
  readonly us: number
  /** Somebody is drafted for at the same time. */
  readonly isBeside: boolean
}

/** How far a sequence is when a micro-batch has returned and is judged. */
export interface SequenceProgress {
  readonly key: AdvisedKey
  readonly tokens: number
  /** Of these, tokens that had been guessed and sent. */
  readonly accepted: number
}

/** What is known when a micro-batch has been judged. */
export interface JudgedMoment {
  readonly submittedUs: number
  readonly returnedUs: number
  readonly decodingCount: number
}

export interface Advisor {
  /** A sequence begins whose speculation is left to the advisor, up to `nMax` tokens deep. */
  begin(key: AdvisedKey, request: RequestId, nMax: number): { readonly advice: Advice; readonly learner: Learner }
  end(key: AdvisedKey, decodingCount: number): void
  /** The first stage took so long for a micro-batch. */
  noteService(times: StepTimes): void
  /** A micro-batch with nothing but dead rows before it took so long from its submission to its return. */
  noteLatency(times: StepTimes): void
  /** A micro-batch that had the pipeline to itself took so long from its submission to the last token drawn. */
  noteStep(times: StepTimes): void
  /** The drafter took so long for a question; `isFirst`: about what follows the certain text. */
  noteQuestion(us: number, isFirst: boolean, isBeside: boolean): void
  /** A micro-batch is judged: what to do from now on. */
  judged(moment: JudgedMoment, progress: SequenceProgress): Advice
}
