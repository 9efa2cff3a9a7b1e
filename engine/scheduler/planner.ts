// What a planner is: the part of the scheduler that decides which rows to evaluate next.
import type { SchedulerState } from './state.ts'

/** What a planner plans with. */
export type SchedulerView = Pick<SchedulerState, 'limits' | 'runTable' | 'ready' | 'drafting'> & {
  readonly decodingCount: number
  readonly stepRowsMax: number
}

/**
 * Adds rows to the next micro-batch (`runTable.addFinal`, `addGuess`), at most `stepRowsMax`, and may withdraw
 * drafts. Called whenever one more micro-batch may be in flight; adding nothing is an answer, but a ready sequence must
 * be served as soon as nothing else is in flight, unless it waits for an answer of the drafter.
 */
export type Planner = (view: SchedulerView) => void
