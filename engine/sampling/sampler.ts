// Draws the target's token for one choice of a request. Pure; runs in the conductor.
//
// The rule: add the bias, apply the penalties, keep the top k, of those the top p, of those the ones with min p, and
// take argmax(logit / T + g) over what is left, g being the Gumbel noise of (seed, choice, position, token). The order
// is llama.cpp's (common/sampling.cpp); ties go to the lower id.
//
// The last stage reports the best 64 tokens of a row. They decide alone when no token outside them can matter:
//   - Tokens outside rank behind the last reported one, by (logit, id). Bias and penalties that only lower logits leave
//     them there, so if k of the reported tokens, after lowering, still rank at or before the place of that last one,
//     these are the top k of the whole vocabulary. Greedy is k = 1.
//   - With top p off, tokens below the min-p threshold do not matter; so it is also enough that the last reported
//     logit is below it.
//   - If something may raise a logit, only a report of the whole vocabulary is enough.
// In every other case the full row is read, and gives the same token wherever both ways apply.
import type { Position, TokenId } from '../domain.ts'
import { TsinferError } from '../errors.ts'
import { TOP_COUNT } from '../limits.ts'
import { realExp, realLog } from '../real-math.ts'
import { Candidates } from './candidates.ts'
import type { TokenFilter } from './constraint.ts'
import { TokenHistory } from './history.ts'
import { GumbelNoise } from './noise.ts'
import { hasPenalties, isGreedy, mayRaise, type SamplingParameters } from './parameters.ts'

/** The best tokens of a row: `count` ids and f32 logits, highest first, lower ids first among equals, no NaN. */
export interface TopRow {
  readonly ids: ArrayLike<TokenId>
  readonly logits: ArrayLike<number>
  readonly count: number
}

/** Scratch that all samplers of a thread may share. */
export const createScratch = (vocabularySize: number): Candidates => new Candidates(Math.max(vocabularySize, TOP_COUNT))

/** A token and how likely it is to be the one drawn. */
export interface RankedToken {
  readonly token: TokenId
  readonly probability: number
}

export class Sampler {
  readonly #parameters: SamplingParameters
  readonly #vocabularySize: number
  readonly #candidates: Candidates
  readonly #noise: GumbelNoise
  readonly #history: TokenHistory | undefined
  readonly #bias: ReadonlyMap<TokenId, number>
  readonly #greedy: boolean
  readonly #mayRaise: boolean
  /** ln(minP): how far below the best logit a token may lie. */
  readonly #minPLog: number

  constructor(
    parameters: SamplingParameters,
    choice: number,
    vocabularySize: number,
    scratch: Candidates,
    prompt: Iterable<TokenId>,
  ) {
    this.#parameters = parameters
    this.#vocabularySize = vocabularySize
    this.#candidates = scratch
    this.#noise = new GumbelNoise(parameters.seed, choice)
    this.#history = hasPenalties(parameters) ? new TokenHistory(vocabularySize, parameters.repeatLastN) : undefined
    this.#bias = new Map(parameters.logitBias)
    this.#greedy = isGreedy(parameters)
    this.#mayRaise = mayRaise(parameters)
    this.#minPLog = realLog(parameters.minP)
    for (const token of prompt) this.accept(token)
  }

  /** The token is final and becomes part of what the penalties see. */
  accept(token: TokenId): void {
    this.#history?.add(token)
  }

  /**
   * The token for `position`. `fullRow` gives the row's f32 logits over the whole vocabulary and is called only when
   * `top` cannot decide. `filter`: tokens it does not allow are as if banned. Throws where no token is left:
   * `logits_nan` and `logits_infinite` where the model gives none a finite logit, `option_invalid` where bias, penalties
   * and filter take all.
   */
  sample(top: TopRow, fullRow: () => Float32Array, position: Position, filter?: TokenFilter): TokenId {
    if (!this.#loadTop(top, filter)) {
      if (filter) this.#loadAllowed(fullRow(), filter.mask())
      else this.#loadFull(fullRow())
    }
    const best = this.#candidates.logitAt(0)
    if (this.#greedy || best === Number.POSITIVE_INFINITY) return this.#candidates.idAt(0)
    this.#noise.setPosition(position)
    return this.#draw(best)
  }

  /**
   * For drafts: the `count` tokens that `sample` would prefer, best first, judged by the reported ones alone. Another
   * model draws with the same noise and differs in its logits, so the probabilities are those of logits to which the
   * noise has been added: a softmax of logit + T * g.
   */
  rank(top: TopRow, position: Position, count: number): RankedToken[] {
    const candidates = this.#candidates
    candidates.clear()
    for (let i = 0; i < top.count; i++) {
      const id = top.ids[i]!
      if (id < this.#vocabularySize) candidates.push(id, this.#changed(id, top.logits[i]!))
    }
    candidates.order()
    const { temperature, topK } = this.#parameters
    const limit = topK === 0 ? candidates.count : Math.min(topK, candidates.count)
    const threshold = candidates.count > 0 ? candidates.logitAt(0) + this.#minPLog : 0
    this.#noise.setPosition(position)
    const scored: { token: TokenId; score: number }[] = []
    for (let rank = 0; rank < limit; rank++) {
      const logit = candidates.logitAt(rank)
      if (!this.#greedy && rank > 0 && logit < threshold) break
      const token = candidates.idAt(rank)
      scored.push({ token, score: this.#greedy ? logit : logit + temperature * this.#noise.of(token) })
    }
    scored.sort((a, b) => b.score - a.score || a.token - b.token)
    const best = scored[0]?.score ?? Number.NaN
    if (!Number.isFinite(best)) return []
    const mass = scored.reduce((sum, { score }) => sum + realExp(score - best), 0)
    return scored.slice(0, count).map(({ token, score }) => ({ token, probability: realExp(score - best) / mass }))
  }

  /** Loads the reported tokens; false when they are not provably enough. */
  #loadTop(top: TopRow, filter: TokenFilter | undefined): boolean {
    const isWhole = top.count >= this.#vocabularySize
    if (top.count === 0 || (this.#mayRaise && !isWhole)) return false
    const candidates = this.#candidates
    const boundLogit = top.logits[top.count - 1]!
    const boundId = top.ids[top.count - 1]!
    let certain = 0
    candidates.clear()
    for (let i = 0; i < top.count; i++) {
      const id = top.ids[i]!
      if (filter && !filter.allows(id)) continue
      const logit = this.#changed(id, top.logits[i]!)
      candidates.push(id, logit)
      if (logit > boundLogit || (logit === boundLogit && id <= boundId)) certain++
    }
    candidates.order()
    const { topK, topP, minP } = this.#parameters
    if (candidates.count === 0 || candidates.logitAt(0) === Number.NEGATIVE_INFINITY) return false
    if (isWhole) return true
    const needed = this.#greedy ? 1 : topK
    if (needed > 0 && certain >= needed) return true
    return !this.#greedy && topP >= 1 && minP > 0 && boundLogit < candidates.logitAt(0) + this.#minPLog
  }

  #loadFull(row: Float32Array): void {
    const candidates = this.#candidates
    candidates.clear()
    for (let id = 0; id < this.#vocabularySize; id++) {
      const logit = row[id]!
      if (!Number.isNaN(logit)) candidates.push(id, this.#changed(id, logit))
    }
    this.#orderSome(row)
  }

  /** As `loadFull`, with the tokens of a mask alone. */
  #loadAllowed(row: Float32Array, mask: Uint32Array): void {
    const candidates = this.#candidates
    candidates.clear()
    for (let word = 0; word < mask.length; word++) {
      for (let bits = mask[word]!; bits !== 0; bits &= bits - 1) {
        const id = word * 32 + 31 - Math.clz32(bits & -bits)
        const logit = row[id]!
        if (!Number.isNaN(logit)) candidates.push(id, this.#changed(id, logit))
      }
    }
    this.#orderSome(row)
  }

  #orderSome(row: Float32Array): void {
    const candidates = this.#candidates
    candidates.order()
    if (candidates.count > 0 && candidates.logitAt(0) > Number.NEGATIVE_INFINITY) return
    throw this.#noToken(row)
  }

  /** Whose fault it is that no token is left. */
  #noToken(row: Float32Array): TsinferError {
    if (row.every(Number.isNaN)) return new TsinferError('logits_nan', 'logits: expected numbers, found only NaN')
    if (!row.some((logit) => logit > Number.NEGATIVE_INFINITY)) {
      return new TsinferError('logits_infinite', 'logits: expected a finite one, found only -Infinity')
    }
    const { repeatPenalty, frequencyPenalty, presencePenalty } = this.#parameters
    const banning = [
      this.#bias.size > 0 && 'logitBias',
      presencePenalty > 0 && 'presencePenalty',
      frequencyPenalty > 0 && 'frequencyPenalty',
      repeatPenalty !== 1 && 'repeatPenalty',
    ].filter((name) => name !== false)
    const [name = 'responseFormat'] = banning
    const takers = 'logit bias, penalties and response format'
    return new TsinferError('option_invalid', `${name}: expected a token that ${takers} leave, found none`)
  }

  /** The logit after bias and penalties; infinities that cancel each other leave no number, so the token is banned. */
  #changed(id: TokenId, raw: number): number {
    const bias = this.#bias.size > 0 ? (this.#bias.get(id) ?? 0) : 0
    if (bias === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY
    let logit = raw + bias
    const occurrences = this.#history?.occurrences(id) ?? 0
    if (occurrences === 0) return logit
    const { repeatPenalty, frequencyPenalty, presencePenalty } = this.#parameters
    logit = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty
    logit -= occurrences * frequencyPenalty + presencePenalty
    return Number.isNaN(logit) ? Number.NEGATIVE_INFINITY : logit
  }

  /** argmax over the filtered tokens; logits are taken relative to the best, which keeps tiny temperatures finite. */
  #draw(best: number): TokenId {
    const candidates = this.#candidates
    const { temperature, topK, topP, minP } = this.#parameters
    const limit = topK === 0 ? candidates.count : Math.min(topK, candidates.count)
    const isRanked = limit < candidates.count || topP < 1 || minP > 0
    const threshold = best + this.#minPLog
    const massEnough = topP >= 1 ? Number.POSITIVE_INFINITY : topP * this.#mass(limit, best)
    let mass = 0
    let token = -1
    let tokenScore = Number.NEGATIVE_INFINITY
    for (let rank = 0; rank < limit; rank++) {
      const logit = isRanked ? candidates.logitAt(rank) : candidates.storedLogit(rank)
      if (rank > 0 && (logit < threshold || mass >= massEnough)) break
      if (topP < 1) mass += realExp(logit - best)
      const id = isRanked ? candidates.idAt(rank) : candidates.storedId(rank)
      const score = (logit - best) / temperature + this.#noise.of(id)
      if (score > tokenScore || (score === tokenScore && id < token)) {
        token = id
        tokenScore = score
      }
    }
    return token
  }

  /** Sum of exp(logit - best) over the best `limit` tokens, in rank order unless that means ordering a vocabulary. */
  #mass(limit: number, best: number): number {
    const candidates = this.#candidates
    let mass = 0
    if (limit < candidates.count || limit <= TOP_COUNT) {
      for (let rank = 0; rank < limit; rank++) mass += realExp(candidates.logitAt(rank) - best)
    } else {
      for (let i = 0; i < limit; i++) mass += realExp(candidates.storedLogit(i) - best)
    }
    return mass
  }
}
