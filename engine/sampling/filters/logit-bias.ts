// Adds to the logits of single tokens.
import type { SamplingParameters } from '../parameters.ts'
import type { LogitFilterKind } from './filter.ts'

type Biases = SamplingParameters['logitBias']

/** By token, of the choices that have the same biases. */
const tables = new WeakMap<Biases, Float64Array>()

function tableOf(biases: Biases, vocabularySize: number): Float64Array {
  const known = tables.get(biases)
  if (known) return known
  const table = new Float64Array(vocabularySize)
  for (const [token, bias] of biases) table[token] = bias
  tables.set(biases, table)
  return table
}

export const logitBias: LogitFilterKind = {
  sampler: 'always',
  works: 'on logits',
  isActive: (parameters) => parameters.logitBias.length > 0,
  create({ logitBias: biases }, vocabularySize) {
    const added = tableOf(biases, vocabularySize)
    return {
      mayRaise: biases.some(([, bias]) => bias > 0),
      banning: ['logitBias'],
      // Infinities that cancel each other leave no number: a ban holds.
      change(token, logit) {
        const bias = added[token]!
        return bias === Number.NEGATIVE_INFINITY ? bias : logit + bias
      },
    }
  },
}
