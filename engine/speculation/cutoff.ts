// The reactive cutoff of PipeInfer (arXiv:2407.11798): how sure a drafter must be. It gets stricter the more has been
// sent without an answer, and milder the more often drafting has failed. Integers, in 1 / PROBABILITY_ONE.
import { type Guess, PROBABILITY_ONE } from './guess.ts'
import type { DraftParameters } from './parameters.ts'

/** What has happened since the last token became certain; both counts start again with the next. */
interface DraftRecord {
  /** Micro-batches of drafts sent. */
  readonly sent: number
  /** Attempts whose best guess was below the cutoff. */
  readonly failed: number
}

/** Added to both thresholds. */
export const cutoffOffset = ({ pRecovery, pDecay }: DraftParameters, { sent, failed }: DraftRecord): number =>
  sent * pRecovery - failed * pDecay

/**
 * Which guesses for one position to take, the likeliest first: the best one where it reaches the cutoff, and of the
 * others up to `siblings` that are above the split threshold. Empty where the best one does not, and at a cutoff of 1.
 */
export function selectGuesses(
  guesses: readonly Guess[],
  parameters: DraftParameters,
  record: DraftRecord,
  siblings: number,
): Guess[] {
  const offset = cutoffOffset(parameters, record)
  const cutoff = parameters.pMin + offset
  const [best, ...others] = guesses.toSorted((a, b) => b.probability - a.probability)
  if (!best || best.probability < cutoff || cutoff >= PROBABILITY_ONE) return []
  const taken = [best]
  for (const guess of others) {
    if (taken.length > siblings || guess.probability <= parameters.pSplit + offset) break
    if (taken.every(({ token }) => token !== guess.token)) taken.push(guess)
  }
  return taken
}
