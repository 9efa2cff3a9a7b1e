// The constraints of a model's requests: what is known of the vocabulary and of the grammars that were used last is kept
// for all of them. Pure; runs in the conductor.
import type { TokenId } from '../domain.ts'
import { CONSTRAINTS_KEPT_MAX } from '../limits.ts'
import type { TokenBytes } from '../sampling/stop-strings.ts'
import type { NamedGrammar } from './grammar.ts'
import { GrammarConstraint } from './grammar-constraint.ts'
import { type ConstraintVocabulary, TokenAutomaton } from './token-automaton.ts'
import { buildTokenTrie } from './token-trie.ts'

export class Constraints {
  readonly #tokenBytes: TokenBytes
  readonly #specials: ArrayLike<TokenId>
  readonly #vocabularySize: number
  /** Made for the first request that has a constraint. */
  #vocabulary: ConstraintVocabulary | undefined
  /** By name, the one used last at the end. */
  readonly #automata = new Map<string, TokenAutomaton>()

  /** `specials`: tokens that are never part of a constrained text, whatever they print. */
  constructor(tokenBytes: TokenBytes, specials: ArrayLike<TokenId>, vocabularySize: number) {
    this.#tokenBytes = tokenBytes
    this.#specials = specials
    this.#vocabularySize = vocabularySize
  }

  /** The constraint of one choice, which may get `tokensMost` tokens. Throws like its parts. */
  create(named: NamedGrammar, tokensMost: number, stopTokens: readonly TokenId[]): GrammarConstraint {
    return new GrammarConstraint(this.#automaton(named), tokensMost, new Set(stopTokens))
  }

  #automaton({ name, grammar }: NamedGrammar): TokenAutomaton {
    this.#vocabulary ??= {
      trie: buildTokenTrie(this.#tokenBytes, this.#specials),
      tokenBytes: this.#tokenBytes,
      size: this.#vocabularySize,
    }
    const automaton = this.#automata.get(name) ?? new TokenAutomaton(grammar, this.#vocabulary)
    this.#automata.delete(name)
    this.#automata.set(name, automaton)
    if (this.#automata.size > CONSTRAINTS_KEPT_MAX) this.#automata.delete(this.#automata.keys().next().value!)
    return automaton
  }
}
