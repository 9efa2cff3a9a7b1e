// Qwen 2 and 2.5: Llama's layer.
import { attention } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [residual(attention(), { before: ATTENTION_NORM }), residual(feedForward(), { before: FFN_NORM })]

export const QWEN2: Architecture = {
  name: 'qwen2',
  ropeStyle: 'halves',
  activation: 'silu',
  layer: () => LAYER,
}
