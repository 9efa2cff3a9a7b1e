// The constraints of a model's requests: what is known of the grammars that were used last is kept for all of them. Pure;
// runs in the conductor.
import type { TokenId } from '../domain.ts'
import { CONSTRAINTS_KEPT_MAX } from '../limits.ts'
import type { TokenBytes } from '../sampling/stop-strings.ts'
import { type CompiledForm, unpackGrammar } from './compiled-form.ts'
import { GrammarConstraint } from './grammar-constraint.ts'
import { TokenAutomaton } from './token-automaton.ts'

export class Constraints {
  readonly #tokenBytes: TokenBytes
  readonly #vocabularySize: number
  /** By name, the one used last at the end. */
  readonly #automata = new Map<string, TokenAutomaton>()

  constructor(tokenBytes: TokenBytes, vocabularySize: number) {
    this.#tokenBytes = tokenBytes
    this.#vocabularySize = vocabularySize
  }

  /** The constraint of one choice, which may get `tokensMost` tokens. Throws like its parts. */
  create(form: CompiledForm, tokensMost: number, stopTokens: readonly TokenId[]): GrammarConstraint {
    return new GrammarConstraint(this.#automaton(form), tokensMost, new Set(stopTokens))
  }

  #automaton({ name, numbers, trie }: CompiledForm): TokenAutomaton {
    const vocabulary = { trie, tokenBytes: this.#tokenBytes, size: this.#vocabularySize }
    const automaton = this.#automata.get(name) ?? new TokenAutomaton(unpackGrammar(numbers), vocabulary)
    this.#automata.delete(name)
    this.#automata.set(name, automaton)
    if (this.#automata.size > CONSTRAINTS_KEPT_MAX) this.#automata.delete(this.#automata.keys().next().value!)
    return automaton
  }
}
