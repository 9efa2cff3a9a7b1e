// Keeps the tokens whose logits lie within some standard deviations, of all of them, below the best one (arXiv:2411.07641).
import { TOP_COUNT } from '../../limits.ts'
import type { Candidates } from '../candidates.ts'
import type { RankFilterKind } from './filter.ts'

export const topNSigma: RankFilterKind = {
  sampler: 'top_n_sigma',
  works: 'on ranks',
  needsAll: true,
  cutsBy: 'logit',
  isActive: (parameters) => parameters.topNSigma > 0,
  create(parameters) {
    let threshold = 0
    return {
      begin(candidates, count) {
        threshold = candidates.logitAt(0) - parameters.topNSigma * deviationOf(candidates, count)
        return count
      },
      ends: (logit) => logit < threshold,
    }
  },
}

/** Standard deviation of the best `limit` logits, of tokens that are not banned. Summed like the mass of top-p. */
function deviationOf(candidates: Candidates, limit: number): number {
  const isRanked = limit < candidates.count || limit <= TOP_COUNT
  const logitAt = (i: number) => (isRanked ? candidates.logitAt(i) : candidates.storedLogit(i))
  let count = 0
  let sum = 0
  for (let i = 0; i < limit; i++) {
    const logit = logitAt(i)
    if (logit === Number.NEGATIVE_INFINITY) continue
    sum += logit
    count++
  }
  const mean = sum / count
  let squares = 0
  for (let i = 0; i < limit; i++) {
    const logit = logitAt(i)
    if (logit > Number.NEGATIVE_INFINITY) squares += (logit - mean) * (logit - mean)
  }
  return Math.sqrt(squares / count)
}
