// The plain policy: one row per step per sequence. Ready sequences share micro-batches; a group of rows per stage keeps
// every stage busy, and more groups than stages would only read the weights more often.
import { ROWS_MAX } from '../limits.ts'
import type { Policy } from './policy.ts'

export const plain: Policy = ({ limits, inFlight, ready, decodingCount }) => {
  const groupsLeft = limits.stages - inFlight.rowsKindCount
  if (groupsLeft <= 0 || ready.length === 0) return
  // An even share now, and never more than the share of a full house: groups of equal size make equal stage times.
  const share = Math.min(Math.ceil(ready.length / groupsLeft), Math.ceil(decodingCount / limits.stages))
  const count = Math.min(share, ROWS_MAX, limits.headRowsMax)
  for (let i = 0; i < count; i++) inFlight.addFinal(inFlight.startRun(), ready[i]!)
  ready.splice(0, count)
}
