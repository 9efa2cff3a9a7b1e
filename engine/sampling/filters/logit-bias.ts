// Adds to the logits of single tokens.
import type { TokenId } from '../../domain.ts'
import type { LogitFilterKind } from './filter.ts'

export const logitBias: LogitFilterKind = {
  place: 0,
  works: 'on logits',
  isActive: (parameters) => parameters.logitBias.length > 0,
  create({ logitBias: biases }) {
    const added: ReadonlyMap<TokenId, number> = new Map(biases)
    return {
      mayRaise: biases.some(([, bias]) => bias > 0),
      banning: ['logitBias'],
      // Infinities that cancel each other leave no number: a ban holds.
      change(token, logit) {
        const bias = added.get(token) ?? 0
        return bias === Number.NEGATIVE_INFINITY ? bias : logit + bias
      },
    }
  },
}
