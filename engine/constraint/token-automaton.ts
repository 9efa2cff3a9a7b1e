// Which tokens may follow a position of a grammar so that the text can still be closed with the tokens that are left.
// Choices and requests with the same grammar share one. Pure; runs in the conductor.
import type { TokenId } from '../domain.ts'
import { TsinferError } from '../errors.ts'
import { CLOSING_BYTES_MAX, CONSTRAINT_MASKS_MAX } from '../limits.ts'
import type { TokenBytes } from '../sampling/stop-strings.ts'
import { type Closing, planClosing, shortestWay } from './closing.ts'
import type { Grammar } from './grammar.ts'
import type { Configuration, ItemSet } from './item-set.ts'
import { MaskWalk, type WalkedGrammar } from './mask-walk.ts'
import { Positions } from './positions.ts'
import { fewestTokens, hasByteToken, type TokenTrie } from './token-trie.ts'

/** The vocabulary as constraints see it. */
export interface ConstraintVocabulary {
  readonly trie: TokenTrie
  readonly tokenBytes: TokenBytes
  /** Tokens of the model, which may have more than the vocabulary names. */
  readonly size: number
}

type KnownMask = Pick<MaskWalk, 'mask' | 'closeBytesMost'>

export class TokenAutomaton implements WalkedGrammar {
  readonly #grammar: Grammar
  readonly #closing: Closing
  readonly #vocabulary: ConstraintVocabulary
  readonly positions: Positions
  /** Of positions that were asked for, oldest first. */
  readonly #masks = new Map<ItemSet, KnownMask>()

  /** Throws `tokenizer_unsupported` where the vocabulary cannot spell any value. */
  constructor(grammar: Grammar, vocabulary: ConstraintVocabulary) {
    this.#grammar = grammar
    this.#vocabulary = vocabulary
    this.#closing = planClosing(grammar, hasByteToken(vocabulary.trie))
    if (this.#closing.bytes[grammar.start] === Number.POSITIVE_INFINITY) {
      throw new TsinferError(
        'tokenizer_unsupported',
        'responseFormat: expected a vocabulary with a token for every byte of its texts, found one without',
      )
    }
    this.positions = new Positions(grammar, this.#closing)
  }

  /** Whether the text can be closed with so many tokens. */
  fits(position: ItemSet, tokens: number): boolean {
    // Every byte of the shortest way is a token by itself.
    if (position.closeBytes <= tokens || position.closeTokens <= tokens) return true
    if (position.isCounted) return false
    const { trie } = this.#vocabulary
    let isCounted = true
    for (const configuration of position.configurations) {
      const { closeBytes } = configuration
      if (closeBytes > CLOSING_BYTES_MAX) continue
      if (closeBytes <= tokens * trie.longest) {
        position.closeTokens = Math.min(position.closeTokens, this.#closeTokens(configuration))
        if (position.closeTokens <= tokens) return true
      } else isCounted = false
    }
    position.isCounted = isCounted
    return false
  }

  /** Fewest tokens that close the text; only for positions whose shortest way has up to `CLOSING_BYTES_MAX` bytes. */
  closeTokens({ configurations }: ItemSet): number {
    const short = configurations.filter(({ closeBytes }) => closeBytes <= CLOSING_BYTES_MAX)
    return short.reduce((least, one) => Math.min(least, this.#closeTokens(one)), Number.POSITIVE_INFINITY)
  }

  /** Fewest tokens that spell the shortest way from one of the states. */
  #closeTokens({ state, waiting, closeBytes }: Configuration): number {
    this.positions.work(closeBytes)
    return fewestTokens(this.#vocabulary.trie, shortestWay(this.#grammar, this.#closing, state, waiting, closeBytes))
  }

  /** The position after a token; null where it cannot come. */
  follow(from: ItemSet, token: TokenId): ItemSet | null {
    const { trie, tokenBytes } = this.#vocabulary
    if (trie.contains[token] !== 1) return null
    const end = tokenBytes.offsets[token + 1]!
    let position: ItemSet | null = from
    this.positions.beginWork()
    for (let at = tokenBytes.offsets[token]!; at < end && position; at++) {
      position = this.positions.step(position, tokenBytes.bytes[at]!)
    }
    return position
  }

  /** Bit per token: it can come next, and the text can be closed with `tokens` after it. Undefined: `walk` to it. */
  knownMask(position: ItemSet, tokens: number): Uint32Array | undefined {
    const known = this.#masks.get(position)
    return known && known.closeBytesMost <= tokens ? known.mask : undefined
  }

  /** The way to the mask. */
  walk(position: ItemSet, tokens: number): MaskWalk {
    const { trie, size } = this.#vocabulary
    return new MaskWalk(this, trie, size, position, tokens)
  }

  /** A walk is over: what it has found holds for others, unless it depends on how many tokens were left. */
  keep(position: ItemSet, tokens: number, { mask, closeBytesMost }: MaskWalk): void {
    if (closeBytesMost > tokens) return
    if (this.#masks.size >= CONSTRAINT_MASKS_MAX) this.#masks.delete(this.#masks.keys().next().value!)
    this.#masks.set(position, { mask, closeBytesMost })
  }

  /** Forgets what nobody needs when much has gathered. Returns the position to go on with. */
  settle(position: ItemSet): ItemSet {
    if (!this.positions.isFull) return position
    this.#masks.clear()
    return this.positions.tidy(position)
  }
}
