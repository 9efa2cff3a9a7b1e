// Divides logits by the temperature, where filters work behind it; else that is part of drawing.
import type { LogitFilterKind } from './filter.ts'

export const temperature: LogitFilterKind = {
  sampler: 'temperature',
  works: 'on logits',
  isActive: (parameters) => parameters.temperature !== 1,
  create: (parameters) => ({
    mayRaise: true,
    banning: [],
    change: (_token, logit) => logit / parameters.temperature,
  }),
}
