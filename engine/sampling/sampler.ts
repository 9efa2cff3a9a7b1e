// Draws the target's token for one choice of a request. Pure; runs in the conductor.
//
// The rule: filters (filters/list.ts) change logits and cut off the worst tokens, in llama.cpp's order; of what is left take
// argmax(logit / T + g), g being the Gumbel noise of (seed, choice, position, token). Ties go to the lower id.
//
// The last stage reports the best 64 tokens of a row. They decide alone when no token outside them can matter:
//   - Tokens outside rank behind the last reported one, by (logit, id). Filters that only lower logits leave them there. So
//     the reported tokens that, after lowering, still rank at or before the place of that last one are certain: the best
//     of the whole vocabulary. A filter that keeps no more than these makes them enough, as long as none before it has to
//     look at all tokens. Greedy is to keep one.
//   - If a filter may raise a logit, only a report of the whole vocabulary is enough.
// In every other case the full row is read, and gives the same token wherever both ways apply.
import type { Position, TokenId } from '../domain.ts'
import { TsinferError } from '../errors.ts'
import { TOP_COUNT } from '../limits.ts'
import { realExp } from '../real-math.ts'
import { Candidates } from './candidates.ts'
import type { TokenFilter } from './constraint.ts'
import { createFilters, type Filters } from './filters/index.ts'
import { GumbelNoise } from './noise.ts'
import { isGreedy, type SamplingParameters } from './parameters.ts'

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
  readonly #temperature: number
  readonly #vocabularySize: number
  readonly #candidates: Candidates
  readonly #noise: GumbelNoise
  readonly #filters: Filters
  readonly #greedy: boolean
  readonly #mayRaise: boolean

  constructor(
    parameters: SamplingParameters,
    choice: number,
    vocabularySize: number,
    scratch: Candidates,
    prompt: Iterable<TokenId>,
  ) {
    this.#temperature = parameters.temperature
    this.#vocabularySize = vocabularySize
    this.#candidates = scratch
    this.#noise = new GumbelNoise(parameters.seed, choice)
    this.#filters = createFilters(parameters, vocabularySize)
    this.#greedy = isGreedy(parameters)
    this.#mayRaise = this.#filters.onLogits.some((filter) => filter.mayRaise)
    for (const token of prompt) this.accept(token)
  }

  /** The token is final and becomes part of what filters see. */
  accept(token: TokenId): void {
    for (const filter of this.#filters.onLogits) filter.accept?.(token)
  }

  /**
   * The token for `position`. `fullRow` gives the row's f32 logits over the whole vocabulary and is called only when
   * `top` cannot decide. `filter`: tokens it does not allow are as if banned. Undefined where its mask is needed and not
   * prepared: that changes nothing. Throws where no token is left:
   * `logits_nan` and `logits_infinite` where the model gives none a finite logit, `option_invalid` where the filters
   * take all.
   */
  sample(top: TopRow, fullRow: () => Float32Array, position: Position, filter?: TokenFilter): TokenId | undefined {
    if (!this.#loadTop(top, filter)) {
      if (filter && !filter.isPrepared) return undefined
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
    if (candidates.count === 0) return []
    // What lies outside the reported tokens is not known, so filters that have to look at all are left out.
    const cuts = this.#filters.onRanks.filter((cut) => !cut.needsAll)
    const limit = cuts.reduce((count, cut) => cut.begin(candidates, count), candidates.count)
    this.#noise.setPosition(position)
    const scored: { token: TokenId; score: number }[] = []
    for (let rank = 0; rank < limit; rank++) {
      const logit = candidates.logitAt(rank)
      if (!this.#greedy && cuts.some((cut) => cut.ends(logit)) && rank > 0) break
      const token = candidates.idAt(rank)
      scored.push({ token, score: this.#greedy ? logit : logit + this.#temperature * this.#noise.of(token) })
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
    if (candidates.count === 0 || candidates.logitAt(0) === Number.NEGATIVE_INFINITY) return false
    if (isWhole) return true
    if (this.#greedy) return certain >= 1
    for (const cut of this.#filters.onRanks) {
      if (cut.isWithin(certain, boundLogit, candidates.logitAt(0))) return true
      if (cut.needsAll) return false
    }
    return false
  }

  #loadFull(row: Float32Array): void {
    const candidates = this.#candidates
    candidates.clear()
    if (this.#filters.onLogits.length === 0) candidates.pushAll(row, this.#vocabularySize)
    else {
      for (let id = 0; id < this.#vocabularySize; id++) {
        const logit = row[id]!
        if (!Number.isNaN(logit)) candidates.push(id, this.#changed(id, logit))
      }
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
    const [name = 'responseFormat'] = this.#filters.onLogits.flatMap(({ banning }) => banning)
    const takers = 'logit bias, penalties and response format'
    return new TsinferError('option_invalid', `${name}: expected a token that ${takers} leave, found none`)
  }

  /** The logit behind all filters. */
  #changed(id: TokenId, raw: number): number {
    let logit = raw
    for (const filter of this.#filters.onLogits) logit = filter.change(id, logit)
    return logit
  }

  /** argmax over the filtered tokens; logits are taken relative to the best, which keeps tiny temperatures finite. */
  #draw(best: number): TokenId {
    const candidates = this.#candidates
    const { onRanks } = this.#filters
    const isRanked = onRanks.length > 0
    let limit = candidates.count
    for (const cut of onRanks) limit = cut.begin(candidates, limit)
    let token = -1
    let tokenScore = Number.NEGATIVE_INFINITY
    for (let rank = 0; rank < limit; rank++) {
      const logit = isRanked ? candidates.logitAt(rank) : candidates.storedLogit(rank)
      if (this.#ends(logit) && rank > 0) break
      const id = isRanked ? candidates.idAt(rank) : candidates.storedId(rank)
      const scaled = (logit - best) / this.#temperature
      // Most tokens cannot win whatever their noise is, and logarithms are what takes time.
      if (scaled + this.#noise.bound(id) < tokenScore) continue
      const score = scaled + this.#noise.of(id)
      if (score > tokenScore || (score === tokenScore && id < token)) {
        token = id
        tokenScore = score
      }
    }
    return token
  }

  /** Whether a filter ends the walk with this token, which is the next one. */
  #ends(logit: number): boolean {
    for (const cut of this.#filters.onRanks) if (cut.ends(logit)) return true
    return false
  }
}
