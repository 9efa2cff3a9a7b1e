// What a policy is: the part of the scheduler that decides which rows to evaluate next.
import type { Drafting } from './drafting.ts'
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
  readonly drafting: Drafting
}

/**
 * Adds rows to the next `rows` micro-batch (`inFlight.addFinal`, `addGuess`), at most `headRowsMax`, and may withdraw
 * drafts. Called whenever one more micro-batch may be in flight; adding nothing is an answer, but a ready sequence must
 * be served as soon as nothing else is in flight, unless it waits for an answer of the drafter.
 */
export type Policy = (board: Board) => void
