// The filters of a choice.
import { isGreedy, type SamplingParameters } from '../parameters.ts'
import type { FilterKind, LogitFilter, RankFilter } from './filter.ts'
import * as list from './list.ts'

const FILTERS: readonly FilterKind[] = Object.values<FilterKind>(list).sort((a, b) => a.place - b.place)

export interface Filters {
  readonly onLogits: readonly LogitFilter[]
  readonly onRanks: readonly RankFilter[]
}

/** Those that do anything, in their order. */
export function createFilters(parameters: SamplingParameters, vocabularySize: number): Filters {
  const [onLogits, onRanks]: [LogitFilter[], RankFilter[]] = [[], []]
  for (const filter of FILTERS) {
    if (!filter.isActive(parameters)) continue
    if (filter.works === 'on logits') onLogits.push(filter.create(parameters, vocabularySize))
    else onRanks.push(filter.create(parameters, vocabularySize))
  }
  return { onLogits, onRanks }
}

/** What the last stage has to report for rows sampled with these parameters; the best token may have been ruled out. */
export function headNeeded(parameters: SamplingParameters, isConstrained: boolean): 'best' | 'top' {
  const changesLogits = FILTERS.some((filter) => filter.works === 'on logits' && filter.isActive(parameters))
  return isGreedy(parameters) && !isConstrained && !changesLogits ? 'best' : 'top'
}
