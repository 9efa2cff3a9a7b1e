// What a filter is: one step of sampling between a row's logits and the tokens of which one is drawn. One file each; list.ts
// has them all. Some change logits, token by token; the others walk the tokens from the best one down and end the walk.
import type { TokenId } from '../../domain.ts'
import type { Candidates } from '../candidates.ts'
import type { SamplingParameters } from '../parameters.ts'

/** Changes logits. One of one choice. */
export interface LogitFilter {
  /** Some logit may end up above what the model gave: then a token outside the best 64 can win. */
  readonly mayRaise: boolean
  /** The options that may have banned all tokens. */
  readonly banning: readonly string[]
  /** The logit of a token whose logit so far is `logit`; -Infinity bans it. */
  change(token: TokenId, logit: number): number
  /** The token is final. */
  accept?(token: TokenId): void
}

/** Ends the walk from the best token down. One of one choice. */
export interface RankFilter {
  /** It looks at every token that filters before it leave, so the best 64 of a row never suffice. */
  readonly needsAll: boolean
  /** Before a walk: how many of the `count` best tokens it may leave at most. There is at least one, with a finite logit. */
  begin(candidates: Candidates, count: number): number
  /** Asked for every token of the walk in turn: whether this one and all behind it go. The best one stays anyway. */
  ends(logit: number): boolean
  /**
   * Whether it leaves none but tokens that the last stage reported, where the best `certain` of these are the best of all
   * tokens, no other token has a higher logit than `boundLogit`, and the best has `bestLogit`.
   */
  isWithin(certain: number, boundLogit: number, bestLogit: number): boolean
}

interface AnyFilterKind {
  /** Its place in llama.cpp's chain of samplers (common/common.h), bias first: filters go in ascending order. */
  readonly place: number
  /** Whether it does anything with these parameters. */
  isActive(parameters: SamplingParameters): boolean
}

export interface LogitFilterKind extends AnyFilterKind {
  readonly works: 'on logits'
  create(parameters: SamplingParameters, vocabularySize: number): LogitFilter
}

export interface RankFilterKind extends AnyFilterKind {
  readonly works: 'on ranks'
  create(parameters: SamplingParameters, vocabularySize: number): RankFilter
}

export type FilterKind = LogitFilterKind | RankFilterKind
