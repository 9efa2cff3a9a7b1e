// After PipeInfer (arXiv:2407.11798): a ready sequence's row goes out at once, in a micro-batch without drafts, so progress
// never waits for the drafter. Behind it, as long as no result has arrived, go micro-batches of up to nMax drafts: whenever
// the first stage has nothing to do, or as many as fit are there. A token that was guessed right needs no row of its own:
// the one in flight counts.
import type { Policy } from './policy.ts'

export const pipe: Policy = {
  name: 'pipe',
  asks: 'always',
  waits: false,
  retries: 'always',
  // With a single stage no result would come earlier from a row alone than from one with the drafts there are.
  goesAlong: (stages) => stages === 1,
  isTimeToSend: ({ pendingCount, nMax, beforeFirstCount, hasRoom }) =>
    hasRoom && beforeFirstCount <= (pendingCount >= nMax ? 1 : 0),
  // Behind a row that is wrong a row costs nothing: it is withdrawn.
  worth: ({ own }) => own,
  select: (pending) => pending,
}
