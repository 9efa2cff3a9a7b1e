// Keeps the best tokens up to a number.
import type { RankFilterKind } from './filter.ts'

export const topK: RankFilterKind = {
  place: 4,
  works: 'on ranks',
  isActive: (parameters) => parameters.topK > 0,
  create: (parameters) => ({
    needsAll: false,
    begin: (_candidates, count) => Math.min(parameters.topK, count),
    ends: () => false,
    isWithin: (certain) => certain >= parameters.topK,
  }),
}
