// Keeps the best tokens up to a number.
import type { RankFilterKind } from './filter.ts'

export const topK: RankFilterKind = {
  sampler: 'top_k',
  works: 'on ranks',
  needsAll: false,
  cutsBy: 'count',
  isActive: (parameters) => parameters.topK > 0,
  create: (parameters) => ({
    begin: (_candidates, count) => Math.min(parameters.topK, count),
    ends: () => false,
    isWithin: (certain) => certain >= parameters.topK,
  }),
}
