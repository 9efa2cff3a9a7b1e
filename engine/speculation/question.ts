// What the scheduler asks a drafter.
import type { Position, RequestId, TokenId } from '../domain.ts'

/** Never reused. */
export type QuestionNumber = number

/** What follows the certain text of a choice and then `assumed`? */
export interface Question {
  readonly question: QuestionNumber
  readonly request: RequestId
  readonly choice: number
  /** Certain tokens of the choice, prompt included. */
  readonly length: Position
  readonly assumed: readonly TokenId[]
  /** Most guesses. */
  readonly count: number
}
