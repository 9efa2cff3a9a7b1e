// Gemma 3: Gemma 2 with norms of heads, more windows and no soft caps.
import { attention, HEAD_NORMS } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, ATTENTION_POST_NORM, FFN_NORM, FFN_POST_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'
import { gemmaQueryScale } from './gemma-query-scale.ts'

const LAYER = [
  residual(attention(HEAD_NORMS), { before: ATTENTION_NORM, after: ATTENTION_POST_NORM }),
  residual(feedForward(), { before: FFN_NORM, after: FFN_POST_NORM }),
]

export const GEMMA3: Architecture = {
  name: 'gemma3',
  ropeStyle: 'halves',
  activation: 'gelu',
  layer: () => LAYER,
  window: { positions: undefined, period: 6, ropeBase: { fallback: 10000 }, ropeScaling: 'magnitude' },
  scalesEmbedding: true,
  softcaps: { logits: 0 },
  queryScaleDim: gemmaQueryScale(62),
}
