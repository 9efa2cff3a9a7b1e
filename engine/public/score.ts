// What a model says of a given text. Types only.
import type { Position, TokenId } from '../domain.ts'
import type { QueueOptions } from './queueing.ts'

/** The distribution of the token after `position`, given the tokens up to it. */
export interface ScoredPosition {
  readonly position: Position
  /** The token at `position`. */
  readonly token: TokenId
  /** The likeliest next tokens, best first. */
  readonly top: readonly (readonly [id: TokenId, probability: number])[]
  /** ln of the sum of exp(logit) over the vocabulary. */
  readonly logsumexp: number
  /** Logit of the token that really follows; absent at the last position. */
  readonly nextLogit?: number
}

export interface ScoreOptions extends QueueOptions {
  /** First position to report. Default 0. */
  readonly from?: number
  /** Next tokens to report, at most 64. Default 5. */
  readonly top?: number
  readonly signal?: AbortSignal
}
