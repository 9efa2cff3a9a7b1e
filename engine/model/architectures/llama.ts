// Llama and Mistral, with Mixtral: the layer that most others vary.
import { attention } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { mixture } from '../blocks/mixture.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const ATTENTION = residual(attention(), { before: ATTENTION_NORM })
const DENSE = [ATTENTION, residual(feedForward(), { before: FFN_NORM })]
const SPARSE = [ATTENTION, residual(mixture(), { before: FFN_NORM })]

export const LLAMA: Architecture = {
  name: 'llama',
  ropeStyle: 'adjacent',
  activation: 'silu',
  experts: { normalized: true },
  layer: ({ experts }) => (experts ? SPARSE : DENSE),
}
