// Plain decoding: one row per step per sequence. Ready sequences share micro-batches; a micro-batch per stage keeps
// every stage busy, and more of them than stages would only read the weights more often.
import type { Planner } from './planner.ts'
import { hasCell } from './sequence.ts'

export const plain: Planner = ({ limits, runTable, ready, decodingCount, stepRowsMax }) => {
  let fit = 0
  for (const sequence of ready) if (hasCell(sequence)) fit++
  let left = Math.min(stepRowsMax, stepRows(limits, fit, runTable.stepCount, decodingCount))
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

/** How many of `readyCount` sequences go into the next micro-batch while `steps` micro-batches carry others. */
export function stepRows(
  limits: { readonly stages: number },
  readyCount: number,
  steps: number,
  decodingCount: number,
): number {
  const stepsLeft = limits.stages - steps
  if (stepsLeft <= 0) return 0
  // An even share now, and never more than the share of a full house: steps of equal size make equal stage times.
  const share = Math.min(Math.ceil(readyCount / stepsLeft), Math.ceil(decodingCount / limits.stages))
  return share
}
