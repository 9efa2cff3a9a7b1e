// The drafter without a model: what followed the last time the text ended like this. It answers at once.
import type { RequestId, TokenId } from '../../domain.ts'
import type { Question } from '../question.ts'
import {
  choiceName,
  type DraftedChoice,
  type Drafter,
  type DrafterHost,
  type DrafterKind,
  textAsked,
} from './drafter.ts'
import { NgramText } from './ngram-text.ts'

/** Always at hand. */
export const ngrams: DrafterKind = { preference: 0, create: ({ host }) => new Ngrams(host) }

interface FollowedText {
  readonly ngrams: NgramText
  readonly stopTokens: ReadonlySet<TokenId>
}

class Ngrams implements Drafter {
  readonly name = 'n-grams'
  readonly #host: DrafterHost
  readonly #texts = new Map<string, FollowedText>()

  constructor(host: DrafterHost) {
    this.#host = host
  }

  begin({ request, choice, prompt, stopTokens }: DraftedChoice): void {
    this.#texts.set(choiceName(request, choice), { ngrams: new NgramText(prompt), stopTokens })
  }

  accept(request: RequestId, choice: number, token: TokenId): void {
    this.#texts.get(choiceName(request, choice))?.ngrams.accept(token)
  }

  ask(asked: Question): void {
    const { question, assumed, count } = asked
    const text = textAsked(this.#texts, asked)
    const guesses = text.ngrams.guess(assumed, count)
    const end = guesses.findIndex(({ token }) => text.stopTokens.has(token))
    this.#host.answer(question, end < 0 ? guesses : guesses.slice(0, end))
  }

  withdraw(): void {}

  end(request: RequestId, choice: number): void {
    this.#texts.delete(choiceName(request, choice))
  }

  collect(): boolean {
    return false
  }
}
