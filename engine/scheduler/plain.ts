// The plain policy: one row per step per sequence. Ready sequences share micro-batches; a group of rows per stage keeps
// every stage busy, and more groups than stages would only read the weights more often.
import { ROWS_MAX } from '../limits.ts'
import type { SchedulerLimits } from './events.ts'
import type { InFlight } from './in-flight.ts'
import type { Sequence } from './sequence.ts'

/** What a policy plans with. */
export interface Board {
  readonly limits: SchedulerLimits
  readonly inFlight: InFlight
  /** Sequences whose newest token has no row yet, the longest waiting first. A policy takes out those it serves. */
  readonly ready: Sequence[]
  /** Live sequences past their prefill. */
  readonly decodingCount: number
}

/** Adds rows to the next `rows` micro-batch; called whenever one more may be in flight. Adding none is an answer. */
export type Policy = (board: Board) => void

export const plain: Policy = ({ limits, inFlight, ready, decodingCount }) => {
  const groupsLeft = limits.stages - inFlight.rowsKindCount
  if (groupsLeft <= 0 || ready.length === 0) return
  // An even share now, and never more than the share of a full house: groups of equal size make equal stage times.
  const share = Math.min(Math.ceil(ready.length / groupsLeft), Math.ceil(decodingCount / limits.stages))
  const count = Math.min(share, ROWS_MAX, limits.headRowsMax)
  for (let i = 0; i < count; i++) inFlight.addFinal(inFlight.startRun(), ready[i]!)
  ready.splice(0, count)
}
