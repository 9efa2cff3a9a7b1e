// Keeps the tokens that have a given share of the best one's probability.
import { realLog } from '../../real-math.ts'
import type { RankFilterKind } from './filter.ts'

export const minP: RankFilterKind = {
  sampler: 'min_p',
  works: 'on ranks',
  needsAll: false,
  cutsBy: 'logit',
  isActive: (parameters) => parameters.minP > 0,
  create(parameters) {
    /** How far below the best logit a token may lie. */
    const below = realLog(parameters.minP)
    let threshold = 0
    return {
      begin(candidates, count) {
        threshold = candidates.logitAt(0) + below
        return count
      },
      ends: (logit) => logit < threshold,
      isWithin: (_certain, boundLogit, bestLogit) => boundLogit < bestLogit + below,
    }
  },
}
