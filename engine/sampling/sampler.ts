// Draws the target's token for one choice of a request. Pure; runs in the conductor.
//
// The rule: filters (filters/list.ts) change logits and leave out tokens, in the order of the request, which is llama.cpp's;
// of what is left take argmax(logit / T + g), g being the Gumbel noise of (seed, choice, position, token). Ties go to the
// lower id.
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
import type { RankFilter } from './filters/filter.ts'
import { createFilters, type FilterPass, type Filters } from './filters/index.ts'
import { GumbelNoise } from './noise.ts'
import type { SamplingParameters } from './parameters.ts'
import type { TokenBytes } from './stop-strings.ts'
import { Survivors } from './survivors.ts'

/** The best tokens of a row: `count` ids and f32 logits, highest first, lower ids first among equals, no NaN. */
export interface TopRow {
  readonly ids: ArrayLike<TokenId>
  readonly logits: ArrayLike<number>
  readonly count: number
}

/** What samplers of a model share. */
export interface SamplingContext {
  readonly vocabularySize: number
  readonly scratch: Candidates
  /** Absent for a model without a vocabulary: then nothing breaks a repetition. */
  readonly tokenBytes: TokenBytes | undefined
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
  /** The pass that a row's tokens are loaded through, */
  readonly #first: FilterPass
  /** and what is left after it, where more than drawing follows. */
  readonly #survivors: Survivors | undefined
  readonly #greedy: boolean
  readonly #mayRaise: boolean

  constructor(
    parameters: SamplingParameters,
    choice: number,
    { vocabularySize, scratch, tokenBytes }: SamplingContext,
    prompt: Iterable<TokenId>,
  ) {
    this.#vocabularySize = vocabularySize
    this.#candidates = scratch
    this.#noise = new GumbelNoise(parameters.seed, choice)
    this.#filters = createFilters(parameters, vocabularySize, tokenBytes)
    this.#temperature = this.#filters.temperature
    this.#greedy = this.#filters.isGreedy
    const { passes } = this.#filters
    this.#first = passes[0]!
    const isOnePass = this.#greedy || (passes.length === 1 && !this.#first.onSet)
    this.#survivors = isOnePass ? undefined : new Survivors()
    this.#mayRaise = this.#first.onLogits.some((filter) => filter.mayRaise)
    for (const token of prompt) this.accept(token)
  }

  /** The token is final and becomes part of what filters see. */
  accept(token: TokenId): void {
    for (const { onLogits } of this.#filters.passes) for (const filter of onLogits) filter.accept?.(token)
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
    return this.#survivors ? this.#drawFrom(this.#survivors) : this.#draw(best)
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
    this.#noise.setPosition(position)
    const survivors = this.#survivors ?? new Survivors()
    const { guessing } = this.#first
    this.#collect(guessing, survivors, this.#greedy ? [] : guessing)
    if (this.#survivors) this.#narrow(survivors)
    const scored: { token: TokenId; score: number }[] = []
    for (let i = 0; i < survivors.count; i++) {
      const token = survivors.idAt(i)
      const logit = survivors.logitAt(i)
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
    for (const cut of this.#first.sufficing) {
      if (cut.isWithin?.(certain, boundLogit, candidates.logitAt(0))) return true
    }
    return false
  }

  #loadFull(row: Float32Array): void {
    const candidates = this.#candidates
    candidates.clear()
    if (this.#first.onLogits.length === 0) candidates.pushAll(row, this.#vocabularySize)
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
    return this.#nothingLeft()
  }

  #nothingLeft(): TsinferError {
    const filters = this.#filters.passes.flatMap(({ onLogits }) => onLogits)
    const [name = 'responseFormat'] = filters.flatMap(({ banning }) => banning)
    const takers = 'logit bias, penalties and response format'
    return new TsinferError('option_invalid', `${name}: expected a token that ${takers} leave, found none`)
  }

  /** The logit behind all filters. */
  #changed(id: TokenId, raw: number): number {
    let logit = raw
    for (const filter of this.#first.onLogits) logit = filter.change(id, logit)
    return logit
  }

  /** argmax over the filtered tokens; logits are taken relative to the best, which keeps tiny temperatures finite. */
  #draw(best: number): TokenId {
    const candidates = this.#candidates
    const { onRanks } = this.#first
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

  /** The same where more passes follow, or a filter that leaves any tokens. */
  #drawFrom(survivors: Survivors): TokenId {
    this.#collect(this.#first.onRanks, survivors)
    this.#narrow(survivors)
    const { best } = survivors
    let token = -1
    let tokenScore = Number.NEGATIVE_INFINITY
    for (let i = 0; i < survivors.count; i++) {
      const logit = survivors.logitAt(i)
      if (this.#temperature === 0 && logit < best) continue
      const id = survivors.idAt(i)
      const scaled = this.#temperature === 0 ? 0 : (logit - best) / this.#temperature
      if (scaled + this.#noise.bound(id) < tokenScore) continue
      const score = this.#temperature === 0 ? 0 : scaled + this.#noise.of(id)
      if (score > tokenScore || (score === tokenScore && id < token)) {
        token = id
        tokenScore = score
      }
    }
    return token
  }

  /** What the cuts leave of the candidates; in rank order where these are few, so that sums are the same everywhere. */
  #collect(onRanks: readonly RankFilter[], survivors: Survivors, ending = onRanks): void {
    const candidates = this.#candidates
    const isRanked = onRanks.length > 0 || candidates.count <= TOP_COUNT
    let limit = candidates.count
    for (const cut of onRanks) limit = cut.begin(candidates, limit)
    survivors.clear()
    for (let rank = 0; rank < limit; rank++) {
      const logit = isRanked ? candidates.logitAt(rank) : candidates.storedLogit(rank)
      if (ending.some((cut) => cut.ends(logit)) && rank > 0) return
      const id = isRanked ? candidates.idAt(rank) : candidates.storedId(rank)
      if (logit > Number.NEGATIVE_INFINITY) survivors.push(id, logit)
    }
  }

  /** All that follows the first pass. Throws `option_invalid` where it leaves nothing. */
  #narrow(survivors: Survivors): void {
    const candidates = this.#candidates
    this.#first.onSet?.narrow(survivors, this.#noise.chance)
    for (const { onLogits, onRanks, onSet } of this.#filters.passes.slice(1)) {
      candidates.clear()
      for (let i = 0; i < survivors.count; i++) {
        const id = survivors.idAt(i)
        let logit = survivors.logitAt(i)
        for (const filter of onLogits) logit = filter.change(id, logit)
        candidates.push(id, logit)
      }
      candidates.order()
      if (candidates.logitAt(0) === Number.NEGATIVE_INFINITY) throw this.#nothingLeft()
      this.#collect(onRanks, survivors)
      onSet?.narrow(survivors, this.#noise.chance)
    }
  }

  /** Whether a filter ends the walk with this token, which is the next one. */
  #ends(logit: number): boolean {
    for (const cut of this.#first.onRanks) if (cut.ends(logit)) return true
    return false
  }
}
