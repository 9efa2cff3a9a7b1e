// Reads what a test file prints: uvu's summary at its end, and why tests were skipped, which uvu does not say.

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const SKIPPED = 'skipped: '
/** Of skipped tests that did not say why. */
const NO_REASON = 'no reason given'

/**
 * Counts from the output of one test file; undefined when it printed no summary (it crashed, hung, or never called
 * `test.run()`).
 */
export function readSummary(output: string): Counts | undefined {
  const total = lastFigure(output, 'Total')
  const passed = lastFigure(output, 'Passed')
  const skipped = lastFigure(output, 'Skipped')
  if (total === undefined || passed === undefined || skipped === undefined) return undefined
  return { passed, failed: total - passed, skipped }
}

/** The closing line of a whole test run. */
export function summaryLine(counts: Counts): string {
  const line = `${counts.passed} passed, ${counts.failed} failed`
  return counts.skipped > 0 ? `${line}, ${counts.skipped} skipped` : line
}

/** The line that a skipped test prints. */
export const skipLine = (name: string, reason: string): string => `${SKIPPED}${name}: ${reason}`

/** How often each reason was given in the output of a file that skipped so many tests. */
export function readSkips(output: string, skipped: number): Map<string, number> {
  const reasons = output
    .split('\n')
    .filter((line) => line.startsWith(SKIPPED))
    .map((line) => line.slice(line.lastIndexOf(': ') + 2))
  while (reasons.length < skipped) reasons.push(NO_REASON)
  return addSkips(
    new Map(),
    reasons.slice(0, skipped).map((reason) => [reason, 1]),
  )
}

/** Adds counts of reasons to `sum` and returns it. */
export function addSkips(sum: Map<string, number>, more: Iterable<readonly [string, number]>): Map<string, number> {
  for (const [reason, count] of more) sum.set(reason, (sum.get(reason) ?? 0) + count)
  return sum
}

/** What was skipped and why, the most frequent reason first; no line where nothing was. */
export function skipLines(reasons: ReadonlyMap<string, number>): string[] {
  const rows = [...reasons].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  const total = rows.reduce((sum, [, count]) => sum + count, 0)
  return total === 0 ? [] : [`${total} skipped: ${rows.map(([reason, count]) => `${reason} × ${count}`).join(', ')}`]
}

function lastFigure(output: string, label: string): number | undefined {
  const figures = [...output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, 'gm'))]
  const last = figures.at(-1)?.[1]
  return last === undefined ? undefined : Number(last)
}
