// Qwen 3 as mixtures.
import { attention, HEAD_NORMS } from '../blocks/attention.ts'
import { mixture } from '../blocks/mixture.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [residual(attention(HEAD_NORMS), { before: ATTENTION_NORM }), residual(mixture(), { before: FFN_NORM })]

export const QWEN3MOE: Architecture = {
  name: 'qwen3moe',
  ropeStyle: 'halves',
  activation: 'silu',
  experts: { always: true, normalized: true },
  layer: () => LAYER,
}
