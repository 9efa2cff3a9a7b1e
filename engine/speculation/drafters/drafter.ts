// What a drafter is: it knows the texts of the choices that speculate, and answers questions about what follows them, at
// once or later. Whatever it answers, the text stays the same.
import type { Position, RequestId, TokenId } from '../../domain.ts'
import { assert } from '../../errors.ts'
import type { Pipeline, ResultRow } from '../../pipeline/pipeline.ts'
import type { SamplingParameters } from '../../sampling/parameters.ts'
import type { RankedToken } from '../../sampling/sampler.ts'
import type { SchedulerLimits } from '../../scheduler/events.ts'
import type { Guess } from '../guess.ts'
import type { Question, QuestionNumber } from '../question.ts'

/** A choice that begins to speculate. */
export interface DraftedChoice {
  readonly request: RequestId
  readonly choice: number
  readonly prompt: ArrayLike<TokenId> & Iterable<TokenId>
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

/** Says which tokens the target would prefer, were it the draft model: its sampler, for one choice. */
export interface Ranker {
  /** The next token is certain. */
  accept(token: TokenId): void
  /** At most `count` tokens for `position`, best first. */
  rank(row: ResultRow, position: Position, count: number): readonly RankedToken[]
}

/** What a drafter may be made of. */
export interface DrafterParts {
  readonly host: DrafterHost
  /** The pipeline of a draft model, where one is loaded. */
  readonly draft:
    | {
        readonly limits: SchedulerLimits
        readonly pipeline: Pipeline
        readonly newRanker: (choice: DraftedChoice) => Ranker
      }
    | undefined
}

/** A way to draft. */
export interface DrafterKind {
  /** Of those that can be had for a model, the one with the highest drafts. */
  readonly preference: number
  /** Undefined where it lacks a part. */
  create(parts: DrafterParts): Drafter | undefined
}

/** What a drafter knows of the choice that a question is about. */
export function textAsked<Text>(texts: ReadonlyMap<string, Text>, { request, choice }: Question): Text {
  const text = texts.get(choiceName(request, choice))
  assert(text, 'a question about a choice that does not speculate')
  return text
}

export const choiceName = (request: RequestId, choice: number): string => `${request}.${choice}`
