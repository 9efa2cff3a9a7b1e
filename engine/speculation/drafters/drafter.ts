// What a drafter is: it knows the texts of the choices that speculate, and answers questions about what follows them, at
// once or later. Whatever it answers, the text stays the same.
import type { Position, RequestId, TokenId } from '../../domain.ts'
import type { SamplingParameters } from '../../sampling/parameters.ts'
import type { Guess } from '../guess.ts'
import type { Question, QuestionNumber } from '../question.ts'

/** A choice that begins to speculate. */
export interface DraftedChoice {
  readonly request: RequestId
  readonly choice: number
  readonly prompt: ArrayLike<TokenId>
  /** Most tokens its text can reach, prompt included. */
  readonly lengthMax: Position
  /** How its tokens are drawn. */
  readonly parameters: SamplingParameters
  /** Tokens that end the text: nothing follows them, so they are no guesses. */
  readonly stopTokens: ReadonlySet<TokenId>
}

/** Who asks. */
export interface DrafterHost {
  /** Takes the answer to a question; no guesses where the drafter has none. */
  answer(question: QuestionNumber, guesses: readonly Guess[]): void
  /** What went wrong with a question ends its request, and no other. */
  fail(request: RequestId, error: unknown): void
}

export interface Drafter {
  /** As people know it. */
  readonly name: string
  begin(choice: DraftedChoice): void
  /** The next token of a choice is certain. */
  accept(request: RequestId, choice: number, token: TokenId): void
  /** Takes on a question; every one is answered unless it is withdrawn. */
  ask(question: Question): void
  /** The answer is of no use any more. */
  withdraw(question: QuestionNumber): void
  end(request: RequestId, choice: number): void
  /** Takes what its stages have computed. Returns whether there was anything. */
  collect(): boolean
}

export const choiceName = (request: RequestId, choice: number): string => `${request}.${choice}`
