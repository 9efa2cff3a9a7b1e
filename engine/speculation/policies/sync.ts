// The standard: when a sequence is ready, draft up to nMax tokens; send the row of its newest token and the drafts together;
// when all have returned, repeat. The pipeline waits while the drafter works, and the other way round.
import type { Policy } from './policy.ts'

export const sync: Policy = {
  name: 'sync',
  asks: 'ready',
  waits: true,
  retries: 'certain',
  goesAlong: () => true,
  // What a full micro-batch left over.
  isTimeToSend: () => true,
  // All rows of a round are paid for, whichever is wrong.
  worth: ({ path }) => path,
  select: (pending) => pending,
}
