// Reads the summary that uvu prints at the end of a test file.

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

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

function lastFigure(output: string, label: string): number | undefined {
  const figures = [...output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, 'gm'))]
  const last = figures.at(-1)?.[1]
  return last === undefined ? undefined : Number(last)
}
