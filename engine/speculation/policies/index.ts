// All policies. `auto` is none of them: it chooses among them (auto/).
import { off } from './off.ts'
import { pipe } from './pipe.ts'
import type { Policy } from './policy.ts'
import { sync } from './sync.ts'

export const POLICIES = { off, sync, pipe } as const satisfies Readonly<Record<string, Policy>>

export type PolicyName = keyof typeof POLICIES
