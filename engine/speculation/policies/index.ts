// Policies by name.
import * as list from './list.ts'
import type { Policy } from './policy.ts'

export const POLICIES = list satisfies Readonly<Record<string, Policy>>

export type PolicyName = keyof typeof POLICIES

const EAGERNESS: readonly Policy['asks'][] = ['never', 'ready', 'always']

/** From the least to the most eager one. */
export const POLICY_NAMES = (Object.keys(POLICIES) as PolicyName[]).sort(
  (a, b) => EAGERNESS.indexOf(POLICIES[a].asks) - EAGERNESS.indexOf(POLICIES[b].asks),
)
