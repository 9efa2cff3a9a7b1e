// How long text takes under each way to speculate, from what steps cost and how good the drafter is.
// Microseconds, of one sequence.
import type { Acceptance, Chances } from './acceptance.ts'
import type { StepCosts } from './step-costs.ts'

/** No drafter is so sure of what it says that more could be asked of it. */
const CHANCE_MAX = 0.6
/** Nor is any always right. */
const STREAK_MAX = 0.999

/** What the controller chooses among: a way to speculate; `depth`: most drafted tokens of a round (`sync`) or a micro-batch (`pipe`). */
export interface Arm {
  readonly policy: 'off' | 'sync' | 'pipe'
  readonly depth: number
}

export interface Conditions {
  /** Most rows of a micro-batch. */
  readonly rowsMax: number
  /** Sequences that decode at the same time. */
  readonly decodingCount: number
}

/**
 * Text comes in cycles: a token that was not guessed in time, and the right guesses behind it. What a cycle takes, without
 * and for each of these, and how many they are.
 */
interface CycleTimes {
  readonly cycleUs: number
  readonly rightUs: number
  readonly rightCount: number
}

/** Microseconds per token. */
export const tokenUs = ({ cycleUs, rightUs, rightCount }: CycleTimes): number =>
  (cycleUs + rightCount * rightUs) / (1 + rightCount)

export function forecast(arm: Arm, costs: StepCosts, chances: Chances, conditions: Conditions): CycleTimes {
  const { policy, depth } = arm
  if (policy === 'sync') return forecastSync(depth, costs, chances, conditions)
  if (policy === 'pipe') return forecastPipe(depth, costs, chances, conditions)
  return { cycleUs: costs.latencyUs(groupSize(costs, conditions), false), rightUs: 0, rightCount: 0 }
}

/** Sequences whose rows go together. */
const groupSize = ({ stages }: StepCosts, { decodingCount }: Conditions): number =>
  Math.max(1, Math.ceil(decodingCount / stages))

/**
 * The chance above which a further draft is worth its time: that of its row in a micro-batch with others, and with `sync`,
 * which waits for it, of the drafter, as a share of `us`, the time a token takes at present. A micro-batch of drafts alone
 * costs nothing where nobody else waits for the stage: if they are wrong it ends at once.
 */
export function worthwhileChance(
  { policy, depth }: Arm,
  costs: StepCosts,
  { decodingCount }: Conditions,
  us: number,
): number {
  const beside = policy === 'pipe'
  const rows = Math.max(decodingCount > 1 ? 2 : 1, beside ? depth : depth + 1)
  const rowUs = (costs.serviceUs(rows, beside) - costs.serviceUs(1, beside)) / Math.max(1, rows - 1)
  const costUs = beside ? rowUs : costs.stages * rowUs + costs.draftUs(false, false)
  return Math.min(CHANCE_MAX, Math.max(0, costUs / us)) || 0
}

/** The chance of the last draft of a round of `sync` that follows no right guess, where the drafter has that many. */
export const chanceOfLast = (acceptance: Pick<Acceptance, 'certaintyAt'>, depth: number): number =>
  acceptance.certaintyAt('start') * acceptance.certaintyAt('streak') ** (depth - 1)

/** A cycle is a round; right guesses take no time of their own. */
function forecastSync(depth: number, costs: StepCosts, chances: Chances, conditions: Conditions): CycleTimes {
  const { rowsMax, decodingCount } = conditions
  const group = groupSize(costs, conditions)
  const { questions, rows, rightCount, rightFirst } = forecastRound(chances, depth)
  const all = group * (1 + rows)
  const drafting = costs.draftUs(true, false) + (questions - 1) * costs.draftUs(false, false)
  let cycleUs = drafting * decodingCount + costs.latencyUs(Math.min(all, rowsMax), false)
  // What one micro-batch does not hold follows behind it, and is withdrawn when something before it was wrong.
  const streak = chances.rightAt('streak')
  for (let sent = rowsMax; sent < all; sent += rowsMax) {
    const isNeeded = rightFirst * streak ** Math.max(0, sent / group - 2)
    cycleUs += isNeeded * costs.serviceUs(Math.min(rowsMax, all - sent), false)
  }
  return { cycleUs, rightUs: 0, rightCount }
}

/** Expected per round of `sync` with up to `depth` drafts: questions to the drafter, drafted rows, right ones; chance of the first. */
function forecastRound(
  chances: Chances,
  depth: number,
): { readonly questions: number; readonly rows: number; readonly rightCount: number; readonly rightFirst: number } {
  const [start, streak] = [chances.rightAt('start'), chances.rightAt('streak')]
  const [guessed, later] = [chances.guessedAt('start'), chances.guessedAt('streak')]
  // A round behind one in which all was right begins in the same stretch. So often that is the case:
  const rest = streak ** (depth - 1)
  const again = (start * rest) / Math.max(1e-9, 1 - streak * rest + start * rest)
  let [questions, rows, rightCount] = [1, 0, 0]
  let drafted = guessed + again * (later - guessed)
  const rightFirst = start + again * (streak - start)
  let right = rightFirst
  for (let at = 1; at <= depth; at++) {
    rows += drafted
    rightCount += right
    if (at < depth) questions += drafted
    drafted *= later
    right *= streak
  }
  return { questions, rows, rightCount, rightFirst }
}

/**
 * The cycle model of bench/pipeline/bound.ts. A cycle begins with a row alone, which takes the way through all stages,
 * and goes on with micro-batches of what was drafted meanwhile, as long as all guesses before them were right. It waits
 * for no drafter, so one that is too slow costs it nothing but what the two take from each other.
 */
function forecastPipe(depth: number, costs: StepCosts, chances: Chances, conditions: Conditions): CycleTimes {
  const { rowsMax, decodingCount } = conditions
  const draftUs = costs.draftUs(false, true) * decodingCount
  const most = Math.min(depth, rowsMax)
  let rows = 1
  while (rows < most && rows * draftUs < costs.serviceUs(rows, true)) rows++
  const intervalUs = Math.max(rows * draftUs, decodingCount * costs.serviceUs(rows, true))
  const cycleUs = costs.latencyUs(groupSize(costs, conditions), true)
  const start = chances.rightAt('start')
  const streak = Math.min(chances.rightAt('streak'), STREAK_MAX)
  // The first micro-batch of several rows is so much longer on its way than a row.
  const laterUs = (costs.stages - 1) * (costs.serviceUs(rows, true) - costs.serviceUs(1, true))
  const rightUs = (1 - streak) * (laterUs + intervalUs / (1 - streak ** rows))
  return { cycleUs, rightUs: Math.min(rightUs, cycleUs), rightCount: start / (1 - streak) }
}
