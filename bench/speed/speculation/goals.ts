// What is asked of speculation with real kernels, beside what was measured. Pure.
import type { GroupName } from './cases.ts'
import type { CaseSummary } from './summary.ts'

export interface SeriesSummary {
  readonly group: GroupName
  readonly temperature: number
  readonly rows: readonly CaseSummary[]
}

const PIPE_OF_TWO_STAGES = 1.2
const AUTO_OF_BEST = 0.95
const AUTO_OF_PLAIN = 1.2
const NGRAM_OF_PLAIN = 1.15

/** A line for each goal of which something was measured. */
export function goalNotes(all: readonly SeriesSummary[]): string[] {
  return all.flatMap(({ group, temperature, rows }) => {
    const about = `${group}, temperature ${temperature}`
    const autos = rows.filter(({ name }) => name.endsWith(', auto'))
    const notes = autos.map(({ name, ofBest }) => goal(`${about}: ${name}, of its plan's best`, ofBest, AUTO_OF_BEST))
    if (temperature > 0) return notes
    if (group === 'draft') {
      const pipe = rows.find(({ name }) => name === 'two stages and drafter, pipe')?.ofTwoStages ?? Number.NaN
      notes.push(goal(`${about}: pipe of two stages, of plain ones`, pipe, PIPE_OF_TWO_STAGES))
      notes.push(goal(`${about}: the better auto, of plain on all cores (Node 26)`, fastest(autos), AUTO_OF_PLAIN))
    }
    if (group === 'repetitive') {
      notes.push(goal(`${about}: the best policy, of plain on all cores`, fastest(rows), NGRAM_OF_PLAIN))
    }
    return notes
  })
}

const fastest = (rows: readonly CaseSummary[]): number => Math.max(...rows.map(({ ofFirst }) => ofFirst))

const goal = (what: string, found: number, least: number): string =>
  `- ${what}: ${found.toFixed(2)}, asked ${least}: ${found >= least ? 'met' : 'not met'}`
