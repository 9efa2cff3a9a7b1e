// "Don't repeat yourself": lowers the logits of tokens that would make a repetition longer, the more the longer it is.
import type { TokenId } from '../../domain.ts'
import { realLog, realPow } from '../../real-math.ts'
import { Repetitions } from '../repetitions.ts'
import type { LogitFilterKind } from './filter.ts'

/** Higher powers are as high as this one: llama.cpp's largest number is e to this. */
const POWER_LOG_MAX = 88.7228391
/** A base below takes no power that high. */
const GROWING_BASE = 1.000001

export const dry: LogitFilterKind = {
  sampler: 'dry',
  works: 'on logits',
  isActive: ({ dryMultiplier, dryPenaltyLastN }) => dryMultiplier > 0 && dryPenaltyLastN !== 0,
  create(parameters, _vocabularySize, tokenBytes) {
    const { dryMultiplier, dryBase, dryAllowedLength: allowed, dryPenaltyLastN, drySequenceBreakers } = parameters
    const powerMax = dryBase > GROWING_BASE ? Math.floor(POWER_LOG_MAX / realLog(dryBase)) : Number.POSITIVE_INFINITY
    const repetitions = new Repetitions({
      lengthLeast: allowed,
      lengthMost: allowed + powerMax,
      lastN: dryPenaltyLastN,
      breakers: drySequenceBreakers,
      tokenBytes,
    })
    /** Of the tokens that the text may go on with as it did before. */
    const penalties = new Map<TokenId, number>()
    let isKnown = false
    const work = (): void => {
      penalties.clear()
      for (const [token, length] of repetitions.longest()) {
        penalties.set(token, dryMultiplier * realPow(dryBase, length - allowed))
      }
      isKnown = true
    }
    return {
      mayRaise: false,
      banning: ['dryMultiplier'],
      accept(token) {
        repetitions.add(token)
        isKnown = false
      },
      change(token, logit) {
        if (!isKnown) work()
        const penalty = penalties.get(token)
        if (penalty === undefined) return logit
        const lowered = logit - penalty
        return Number.isNaN(lowered) ? Number.NEGATIVE_INFINITY : lowered
      },
    }
  },
}
