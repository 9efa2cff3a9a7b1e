// Keeps the tokens whose information is closest to what is expected, up to a given share of the probability
// (arXiv:2202.00666).
import { realExp, realLog } from '../../real-math.ts'
import { Candidates } from '../candidates.ts'
import type { SetFilterKind } from './filter.ts'

export const typical: SetFilterKind = {
  sampler: 'typ_p',
  works: 'on sets',
  isActive: (parameters) => parameters.typicalP < 1,
  create({ typicalP }, vocabularySize) {
    /** By how far their information is from the expected one, the closest first. */
    const closest = new Candidates(vocabularySize)
    /** f64 [vocabulary]: probabilities of the tokens that are looked at; below 0 of those that stay. */
    const chances = new Float64Array(vocabularySize)
    return {
      narrow(survivors) {
        const { best } = survivors
        let mass = 0
        for (let i = 0; i < survivors.count; i++) mass += realExp(survivors.logitAt(i) - best)
        const massLog = realLog(mass)
        let entropy = 0
        for (let i = 0; i < survivors.count; i++) {
          const chance = realExp(survivors.logitAt(i) - best) / mass
          chances[survivors.idAt(i)] = chance
          entropy += chance * (massLog - (survivors.logitAt(i) - best))
        }
        closest.clear()
        for (let i = 0; i < survivors.count; i++) {
          closest.push(survivors.idAt(i), -Math.abs(massLog - (survivors.logitAt(i) - best) - entropy))
        }
        closest.order()
        let kept = 0
        for (let rank = 0; rank < closest.count && kept <= typicalP; rank++) {
          const id = closest.idAt(rank)
          kept += chances[id]!
          chances[id] = -1
        }
        survivors.keep((id) => chances[id]! < 0)
      },
    }
  },
}
