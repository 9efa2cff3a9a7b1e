// The cost model: how long a token takes under each way to speculate, from what steps cost and how good the drafter is.
// Microseconds per token of one sequence.
import type { Acceptance } from './acceptance.ts'
import type { StepCosts } from './step-costs.ts'

/** Rows whose mean cost is that of a row. */
const SOME_ROWS = 4
/** No drafter is so sure of what it says that more could be asked of it. */
const CHANCE_MAX = 0.6

/** How to speculate; `depth`: most drafted tokens of a round (`sync`) or a micro-batch (`pipe`). */
export interface Choice {
  readonly policy: 'off' | 'sync' | 'pipe'
  readonly depth: number
}

export interface Conditions {
  /** Most rows of a micro-batch. */
  readonly rowsMax: number
  /** Sequences that decode at the same time. */
  readonly crowd: number
}

/** Expected per round of `sync` with up to `depth` drafts. */
export interface RoundForecast {
  readonly questions: number
  readonly rows: number
  readonly tokens: number
}

export function forecastRound(acceptance: Acceptance, depth: number): RoundForecast {
  let [questions, rows, tokens] = [0, 0, 1]
  let [drafted, right] = [1, 1]
  for (let at = 1; at <= depth; at++) {
    questions += drafted
    drafted *= acceptance.proposedAt(at)
    right *= acceptance.rightAt(at)
    rows += drafted
    tokens += drafted * right
  }
  return { questions, rows, tokens }
}

export function forecastUs(
  { policy, depth }: Choice,
  costs: StepCosts,
  acceptance: Acceptance,
  { rowsMax, crowd }: Conditions,
): number {
  const group = Math.max(1, Math.ceil(crowd / costs.stages))
  if (policy === 'off') return costs.latencyUs(group, false)
  if (policy === 'sync') {
    const { questions, rows, tokens } = forecastRound(acceptance, depth)
    const all = group * (1 + rows)
    // What one micro-batch does not hold follows behind it.
    const first = costs.latencyUs(Math.min(all, rowsMax), false)
    const rest = all > rowsMax ? (all / rowsMax - 1) * costs.serviceUs(rowsMax, false) : 0
    const drafting = costs.draftUs(true, false) + (questions - 1) * costs.draftUs(false, false)
    return (drafting * crowd + first + rest) / tokens
  }
  return forecastPipeUs(depth, costs, acceptance.mean, rowsMax, group, crowd)
}

/**
 * The chance above which a further draft is worth its time: that of its row, and with `sync`, which waits for it, of the
 * drafter, as a share of the time a token takes at present.
 */
export function worthwhileChance({ policy }: Choice, costs: StepCosts, tokenUs: number): number {
  const beside = policy === 'pipe'
  const rowUs = (costs.serviceUs(SOME_ROWS, beside) - costs.serviceUs(1, beside)) / (SOME_ROWS - 1)
  const costUs = beside ? rowUs : costs.stages * rowUs + costs.draftUs(false, false)
  return Math.min(CHANCE_MAX, Math.max(0, costUs / tokenUs)) || 0
}

/**
 * The cycle model of bench/pipeline/setting.ts. A cycle begins with a row alone, which takes the way through all stages,
 * and goes on with micro-batches of what was drafted meanwhile, as long as all guesses before them were right. Guesses
 * being right with chance `right`, a cycle yields 1 / (1 - right) tokens. It waits for no drafter, so one that is too slow
 * costs it nothing but what the two take from each other.
 */
function forecastPipeUs(
  depth: number,
  costs: StepCosts,
  right: number,
  rowsMax: number,
  group: number,
  crowd: number,
): number {
  const draftUs = costs.draftUs(false, true) * crowd
  const most = Math.min(depth, rowsMax)
  let rows = 1
  while (rows < most && rows * draftUs < costs.serviceUs(rows, true)) rows++
  const intervalUs = Math.max(rows * draftUs, crowd * costs.serviceUs(rows, true))
  const sure = Math.min(right, 0.999)
  const alone = costs.latencyUs(group, true)
  return Math.min(alone, (1 - sure) * (alone + (intervalUs * sure) / (1 - sure ** rows)))
}
