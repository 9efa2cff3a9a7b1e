// The interface of drafters that run inside the conductor: one per choice of a request.
import type { TokenId } from '../domain.ts'
import type { Guess } from './guess.ts'

export interface Drafter {
  /** The next token of the text is certain. Called for the prompt first, then for every accepted token. */
  accept(token: TokenId): void
  /** At most `count` guesses of what follows the certain text and then `assumed`. */
  draft(assumed: readonly TokenId[], count: number): Guess[]
}
