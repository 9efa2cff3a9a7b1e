// Plain decoding: one row per step per sequence. Ready sequences share micro-batches; a group of rows per stage keeps
// every stage busy, and more groups than stages would only read the weights more often.
import { ROWS_MAX } from '../limits.ts'
import type { Planner } from './planner.ts'

export const plain: Planner = ({ limits, runTable, ready, decodingCount }) => {
  const count = groupSize(limits, ready.length, runTable.rowsKindCount, decodingCount)
  for (let i = 0; i < count; i++) runTable.addFinal(runTable.startRun(), ready[i]!)
  ready.splice(0, count)
}

/** How many of `readyCount` sequences go into the next micro-batch while `groups` micro-batches carry others. */
export function groupSize(
  limits: { readonly stages: number; readonly headRowsMax: number },
  readyCount: number,
  groups: number,
  decodingCount: number,
): number {
  const groupsLeft = limits.stages - groups
  if (groupsLeft <= 0) return 0
  // An even share now, and never more than the share of a full house: groups of equal size make equal stage times.
  const share = Math.min(Math.ceil(readyCount / groupsLeft), Math.ceil(decodingCount / limits.stages))
  return Math.min(share, ROWS_MAX, limits.headRowsMax)
}
