// Keeps the fewest best tokens that have a given share of the probability of all.
import { TOP_COUNT } from '../../limits.ts'
import { realExp } from '../../real-math.ts'
import type { Candidates } from '../candidates.ts'
import type { RankFilterKind } from './filter.ts'

export const topP: RankFilterKind = {
  sampler: 'top_p',
  works: 'on ranks',
  needsAll: true,
  cutsBy: 'logit',
  isActive: (parameters) => parameters.topP < 1,
  create(parameters) {
    let best = 0
    let enough = 0
    let mass = 0
    return {
      begin(candidates, count) {
        best = candidates.logitAt(0)
        enough = parameters.topP * massOf(candidates, count, best)
        mass = 0
        return count
      },
      ends(logit) {
        if (mass >= enough && mass > 0) return true
        mass += realExp(logit - best)
        return false
      },
    }
  },
}

/** Sum of exp(logit - best) over the best `limit` tokens: in rank order, or of all of many in the order of their ids. */
function massOf(candidates: Candidates, limit: number, best: number): number {
  let mass = 0
  if (limit < candidates.count || limit <= TOP_COUNT) {
    for (let rank = 0; rank < limit; rank++) mass += realExp(candidates.logitAt(rank) - best)
  } else {
    for (let i = 0; i < limit; i++) mass += realExp(candidates.storedLogit(i) - best)
  }
  return mass
}
