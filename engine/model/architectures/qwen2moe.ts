// Qwen 1.5 and 2 as mixtures, with an expert that all rows share.
import { attention } from '../blocks/attention.ts'
import { mixture, SHARED_EXPERT } from '../blocks/mixture.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [
  residual(attention(), { before: ATTENTION_NORM }),
  residual(mixture(SHARED_EXPERT), { before: FFN_NORM }),
]

export const QWEN2MOE: Architecture = {
  name: 'qwen2moe',
  ropeStyle: 'halves',
  activation: 'silu',
  experts: { always: true, shared: true, normalized: false },
  layer: () => LAYER,
}
