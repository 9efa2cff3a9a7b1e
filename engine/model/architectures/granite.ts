// Granite 3: Llama's layer, with factors that a file gives.
import { attention } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [residual(attention(), { before: ATTENTION_NORM }), residual(feedForward(), { before: FFN_NORM })]

export const GRANITE: Architecture = {
  name: 'granite',
  ropeStyle: 'adjacent',
  activation: 'silu',
  layer: () => LAYER,
  hasMultipliers: true,
}
