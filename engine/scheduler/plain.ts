// Plain decoding: one row per step per sequence. Ready sequences share micro-batches; a group of rows per stage keeps
// every stage busy, and more groups than stages would only read the weights more often.
import { ROWS_MAX } from '../limits.ts'
import type { Planner } from './planner.ts'
import { hasCell } from './sequence.ts'

export const plain: Planner = ({ limits, runTable, ready, decodingCount }) => {
  let fit = 0
  for (const sequence of ready) if (hasCell(sequence)) fit++
  let left = groupSize(limits, fit, runTable.rowsKindCount, decodingCount)
  for (let i = 0; left > 0; ) {
    const sequence = ready[i]!
    if (!hasCell(sequence)) i++
    else {
      runTable.addFinal(runTable.startRun(), sequence)
      ready.splice(i, 1)
      left--
    }
  }
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
