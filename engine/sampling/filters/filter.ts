// What a filter is: one step of sampling between a row's logits and the tokens of which one is drawn. One file each; list.ts
// has them all. Some change logits, token by token; some walk the tokens from the best one down and end the walk; others leave
// any of the tokens that are left.
import type { TokenId } from '../../domain.ts'
import type { SamplerName } from '../../public/generation.ts'
import type { Candidates } from '../candidates.ts'
import type { SamplingParameters } from '../parameters.ts'
import type { TokenBytes } from '../stop-strings.ts'
import type { Survivors } from '../survivors.ts'

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
  /** Before a walk: how many of the `count` best tokens it may leave at most. There is at least one, with a finite logit. */
  begin(candidates: Candidates, count: number): number
  /** Asked for every token of the walk in turn: whether this one and all behind it go. The best one stays anyway. */
  ends(logit: number): boolean
  /**
   * Absent where it looks at all tokens; else whether it leaves none but tokens that the last stage reported, where the
   * best `certain` of these are the best of all tokens, no other token has a higher logit than `boundLogit`, and the best
   * has `bestLogit`.
   */
  isWithin?(certain: number, boundLogit: number, bestLogit: number): boolean
}

/** Leaves some of the tokens, at least one of them. One of one choice. */
export interface SetFilter {
  /** `chance`: a number between 0 and 1 that the choice and the position decide. None of the tokens is banned. */
  narrow(survivors: Survivors, chance: number): void
}

interface AnyFilterKind {
  /** Its name where an order of filters is given; `always`: it works before all of them. */
  readonly sampler: SamplerName | 'always'
  /** Whether it does anything with these parameters. */
  isActive(parameters: SamplingParameters): boolean
}

export interface LogitFilterKind extends AnyFilterKind {
  readonly works: 'on logits'
  create(parameters: SamplingParameters, vocabularySize: number, tokenBytes: TokenBytes | undefined): LogitFilter
}

export interface RankFilterKind extends AnyFilterKind {
  readonly works: 'on ranks'
  /** It looks at every token that filters before it leave, so the best 64 of a row never suffice. */
  readonly needsAll: boolean
  /** Where it ends the walk: at a number of tokens that it tells before, or at one of them. */
  readonly cutsBy: 'count' | 'logit'
  create(parameters: SamplingParameters, vocabularySize: number): RankFilter
}

export interface SetFilterKind extends AnyFilterKind {
  readonly works: 'on sets'
  create(parameters: SamplingParameters, vocabularySize: number): SetFilter
}

export type FilterKind = LogitFilterKind | RankFilterKind | SetFilterKind
