// Keeps one choice inside a grammar: tells which tokens may come next, and ends the choice with the value. All of them
// together are a mask, which takes time where it is new: it may be prepared piece by piece. Pure; runs in the conductor.
import type { TokenId } from '../domain.ts'
import { assert, TsinferError } from '../errors.ts'
import { CLOSING_BYTES_MAX } from '../limits.ts'
import type { TokenConstraint, TokenFilter } from '../sampling/constraint.ts'
import type { ItemSet } from './item-set.ts'
import type { MaskWalk } from './mask-walk.ts'
import type { TokenAutomaton } from './token-automaton.ts'

export class GrammarConstraint implements TokenConstraint, TokenFilter {
  readonly #automaton: TokenAutomaton
  readonly #stopTokens: ReadonlySet<TokenId>
  /** Tokens that the choice may still get. */
  #tokensLeft: number
  #position: ItemSet
  /** The mask of the position, and the walk to it, as far as there are. */
  #mask: Uint32Array | undefined
  #walk: MaskWalk | undefined

  /**
   * `tokensMost`: tokens that the choice may get; `stopTokens`: what may end it where the value is complete.
   * Throws `option_invalid` where no value is known to fit.
   */
  constructor(automaton: TokenAutomaton, tokensMost: number, stopTokens: ReadonlySet<TokenId>) {
    this.#automaton = automaton
    this.#stopTokens = stopTokens
    this.#tokensLeft = tokensMost
    this.#position = automaton.positions.start
    automaton.positions.beginWork()
    if (automaton.fits(this.#position, tokensMost)) return
    const { closeBytes } = this.#position
    const isShort = closeBytes <= CLOSING_BYTES_MAX
    const least = isShort ? `${automaton.closeTokens(this.#position)} tokens` : `${closeBytes} bytes`
    throw new TsinferError(
      'option_invalid',
      `responseFormat: expected room for its shortest text, ${least}, found room for ${tokensMost} tokens`,
    )
  }

  allows(token: TokenId): boolean {
    if (this.#stopTokens.has(token)) return this.#position.isEnd
    const next = this.#automaton.follow(this.#position, token)
    return next !== null && this.#automaton.fits(next, this.#tokensLeft - 1)
  }

  get isPrepared(): boolean {
    return this.#mask !== undefined
  }

  /** Works on the mask for about `steps`. Returns whether it is there. */
  prepare(steps: number): boolean {
    if (this.#mask) return true
    const [automaton, position, tokens] = [this.#automaton, this.#position, this.#tokensLeft - 1]
    let found = automaton.knownMask(position, tokens)
    if (!found) {
      this.#walk ??= automaton.walk(position, tokens)
      if (!this.#walk.advance(steps)) return false
      automaton.keep(position, tokens, this.#walk)
      found = this.#walk.mask
    }
    this.#mask = this.#withStops(found)
    this.#walk = undefined
    return true
  }

  mask(): Uint32Array {
    this.prepare(Number.POSITIVE_INFINITY)
    return this.#mask!
  }

  #withStops(mask: Uint32Array): Uint32Array {
    const { isEnd } = this.#position
    const wrong = [...this.#stopTokens].filter((token) => ((mask[token >>> 5]! >>> (token & 31)) & 1) !== Number(isEnd))
    if (wrong.length === 0) return mask
    const withStops = mask.slice()
    for (const token of wrong) withStops[token >>> 5]! ^= 1 << (token & 31)
    return withStops
  }

  accept(token: TokenId): 'continue' | 'stop' {
    const next = this.#automaton.follow(this.#position, token)
    assert(next !== null, `the constraint was given token ${token}, which it does not allow`)
    this.#tokensLeft--
    this.#position = this.#automaton.settle(next)
    this.#mask = undefined
    this.#walk = undefined
    return next.isEnd && !this.#canGoOn() ? 'stop' : 'continue'
  }

  /** Whether a text that may end here may also have another token, be it one that stops it. */
  #canGoOn(): boolean {
    if (this.#position.configurations.length === 0 || this.#tokensLeft === 0) return false
    return this.#stopTokens.size > 0 || this.mask().some((word) => word !== 0)
  }
}
