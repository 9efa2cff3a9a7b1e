// Phi 3 and 4: gate and up in one tensor, divisors of rotations for long and short contexts.
import { attention } from '../blocks/attention.ts'
import { FUSED_GATE_AND_UP, feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [
  residual(attention(), { before: ATTENTION_NORM }),
  residual(feedForward(FUSED_GATE_AND_UP), { before: FFN_NORM }),
]

export const PHI3: Architecture = {
  name: 'phi3',
  ropeStyle: 'halves',
  activation: 'silu',
  layer: () => LAYER,
}
