// Gemma 2: norms before and behind, every second layer with a window, soft caps.
import { attention } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, ATTENTION_POST_NORM, FFN_NORM, FFN_POST_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'
import { gemmaQueryScale } from './gemma-query-scale.ts'

const LAYER = [
  residual(attention(), { before: ATTENTION_NORM, after: ATTENTION_POST_NORM }),
  residual(feedForward(), { before: FFN_NORM, after: FFN_POST_NORM }),
]

export const GEMMA2: Architecture = {
  name: 'gemma2',
  ropeStyle: 'halves',
  activation: 'gelu',
  layer: () => LAYER,
  window: { positions: 4096, period: 2, ropeBase: {}, ropeScaling: 'whole' },
  scalesEmbedding: true,
  softcaps: { attention: 50, logits: 30 },
  queryScaleDim: gemmaQueryScale(46),
}
