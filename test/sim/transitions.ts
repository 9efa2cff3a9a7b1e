// Which transitions of the run table kinds of work can reach, derived from the table.
import {
  EVENTS_OF,
  type GroupEvent,
  type GroupState,
  TRANSITIONS,
  type TransitionCounts,
} from '../../engine/scheduler/run.ts'

export type WorkKind = keyof typeof EVENTS_OF

/** Transitions, as `state event`, that rows of these kinds of work can make. */
export function transitionsOf(kinds: readonly WorkKind[]): string[] {
  const found = new Set<string>()
  for (const kind of kinds) {
    const states = new Set<GroupState>(['unused'])
    for (const state of states) {
      for (const [event, next] of Object.entries(TRANSITIONS[state])) {
        if (!(EVENTS_OF[kind] as readonly GroupEvent[]).includes(event as GroupEvent)) continue
        found.add(`${state} ${event}`)
        states.add(next)
      }
    }
  }
  return [...found]
}

/** Those that have fired. */
export function firedTransitions(counts: TransitionCounts): string[] {
  return Object.entries(counts).flatMap(([state, events]) => Object.keys(events).map((event) => `${state} ${event}`))
}
