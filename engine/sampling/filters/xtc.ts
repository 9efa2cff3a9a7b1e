// Leaves out the top choices: with a given chance all tokens of at least a given probability go, but for the last of them.
import { realExp } from '../../real-math.ts'
import type { SetFilterKind } from './filter.ts'

/** Above it at most one token has such a probability. */
const THRESHOLD_MAX = 0.5

export const xtc: SetFilterKind = {
  sampler: 'xtc',
  works: 'on sets',
  isActive: ({ xtcProbability, xtcThreshold }) => xtcProbability > 0 && xtcThreshold <= THRESHOLD_MAX,
  create: ({ xtcProbability, xtcThreshold }) => ({
    narrow(survivors, chance) {
      if (chance > xtcProbability) return
      const { best } = survivors
      let mass = 0
      for (let i = 0; i < survivors.count; i++) mass += realExp(survivors.logitAt(i) - best)
      const isTop = (logit: number) => realExp(logit - best) >= xtcThreshold * mass
      let last = -1
      let lastLogit = Number.POSITIVE_INFINITY
      for (let i = 0; i < survivors.count; i++) {
        const logit = survivors.logitAt(i)
        if (!isTop(logit) || logit > lastLogit) continue
        last = logit < lastLogit ? survivors.idAt(i) : Math.max(last, survivors.idAt(i))
        lastLogit = logit
      }
      survivors.keep((id, logit) => id === last || !isTop(logit))
    },
  }),
}
