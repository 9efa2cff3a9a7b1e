// OLMo 2 and 3: norms behind attention and network instead of before, and of whole rows of queries and keys.
import { attention, ROW_NORMS } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_POST_NORM, FFN_POST_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const LAYER = [
  residual(attention(ROW_NORMS), { after: ATTENTION_POST_NORM }),
  residual(feedForward(), { after: FFN_POST_NORM }),
]

export const OLMO2: Architecture = {
  name: 'olmo2',
  ropeStyle: 'halves',
  activation: 'silu',
  layer: () => LAYER,
  window: { positions: undefined, period: 4, ropeScaling: 'none' },
}
