// How a request speculates. Types only.
import type { PolicyName } from '../speculation/policies/index.ts'

/**
 * How a request speculates: `off` decodes plainly, `sync` drafts and verifies in turn, `pipe` drafts while earlier drafts
 * are being verified, `auto` measures and chooses among these while it runs. The text is the same with each of them.
 */
export type Speculation = PolicyName | 'auto'

/** Draft parameters; the probabilities are the drafter's own. */
export interface DraftOptions {
  /** Most drafted tokens of one round (`sync`) or one micro-batch (`pipe`). 1 to 32. Default 4; of `auto`, which chooses, 16. */
  readonly nMax?: number
  /** Fewer drafted tokens than this are not sent. Default 0. */
  readonly nMin?: number
  /** A branch of drafts ends where the best guess is less likely. Default 0.5; of `auto` 0.1. */
  readonly pMin?: number
  /** A second guess for a position opens a branch of its own when it is likelier. Default 0.3. */
  readonly pSplit?: number
  /** Raises both thresholds for every micro-batch of drafts sent since the last token. Default 0. */
  readonly pRecovery?: number
  /** Lowers both thresholds for every attempt since the last token that had only unlikely guesses. Default 0. */
  readonly pDecay?: number
}
