// Qwen 3: norms of every head's query and key.
import { attention, HEAD_NORMS } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [
  residual(attention(HEAD_NORMS), { before: ATTENTION_NORM }),
  residual(feedForward(), { before: FFN_NORM }),
]

export const QWEN3: Architecture = {
  name: 'qwen3',
  ropeStyle: 'halves',
  activation: 'silu',
  layer: () => LAYER,
}
