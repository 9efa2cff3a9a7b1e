// What distinguishes one model architecture from another, as data: a new architecture of the same family is a new row.
// Facts follow llama.cpp's src/models, one file per architecture, and its table of rotation styles. Pure.
import {
  ATTENTION_OUTPUT,
  EXPERTS,
  FUSED_FFN,
  GATED_FFN,
  HEAD_NORMS,
  POST_NORMS,
  PRE_NORMS,
  QKV,
  ROW_NORMS,
  SHARED_EXPERT,
} from '../blocks/layer-tensors.ts'
import type { Architecture } from './architecture.ts'

const PLAIN_ATTENTION = [...PRE_NORMS, ...QKV, ...ATTENTION_OUTPUT]

/** The largest Gemma of a generation, known by its layers, divides queries by the width of a head in the residual stream. */
const gemmaQueryScale =
  (layersOfLargest: number): NonNullable<Architecture['queryScaleDim']> =>
  ({ layerCount, width, heads }) =>
    layerCount === layersOfLargest ? Math.floor(width / heads) : undefined

const TABLE: readonly Architecture[] = [
  {
    name: 'llama',
    ropeStyle: 'adjacent',
    activation: 'silu',
    attentionTensors: PLAIN_ATTENTION,
    ffnTensors: GATED_FFN,
    experts: { tensors: EXPERTS, normalized: true },
  },
  {
    name: 'qwen2',
    ropeStyle: 'halves',
    activation: 'silu',
    attentionTensors: PLAIN_ATTENTION,
    ffnTensors: GATED_FFN,
  },
  {
    name: 'qwen2moe',
    ropeStyle: 'halves',
    activation: 'silu',
    attentionTensors: PLAIN_ATTENTION,
    experts: { tensors: [...EXPERTS, ...SHARED_EXPERT], normalized: false },
  },
  {
    name: 'qwen3',
    ropeStyle: 'halves',
    activation: 'silu',
    attentionTensors: [...PLAIN_ATTENTION, ...HEAD_NORMS],
    ffnTensors: GATED_FFN,
  },
  {
    name: 'qwen3moe',
    ropeStyle: 'halves',
    activation: 'silu',
    attentionTensors: [...PLAIN_ATTENTION, ...HEAD_NORMS],
    experts: { tensors: EXPERTS, normalized: true },
  },
  {
    name: 'phi3',
    ropeStyle: 'halves',
    activation: 'silu',
    attentionTensors: PLAIN_ATTENTION,
    ffnTensors: FUSED_FFN,
  },
  {
    name: 'granite',
    ropeStyle: 'adjacent',
    activation: 'silu',
    attentionTensors: PLAIN_ATTENTION,
    ffnTensors: GATED_FFN,
    hasMultipliers: true,
  },
  {
    name: 'olmo2',
    ropeStyle: 'halves',
    activation: 'silu',
    attentionTensors: [...QKV, ...ROW_NORMS, ...ATTENTION_OUTPUT, ...POST_NORMS],
    ffnTensors: GATED_FFN,
    window: { positions: undefined, period: 4, ropeScaling: 'none' },
  },
  {
    name: 'gemma2',
    ropeStyle: 'halves',
    activation: 'gelu',
    attentionTensors: [...PLAIN_ATTENTION, ...POST_NORMS],
    ffnTensors: GATED_FFN,
    window: { positions: 4096, period: 2, ropeBase: {}, ropeScaling: 'whole' },
    scalesEmbedding: true,
    softcaps: { attention: 50, logits: 30 },
    queryScaleDim: gemmaQueryScale(46),
  },
  {
    name: 'gemma3',
    ropeStyle: 'halves',
    activation: 'gelu',
    attentionTensors: [...PLAIN_ATTENTION, ...HEAD_NORMS, ...POST_NORMS],
    ffnTensors: GATED_FFN,
    window: { positions: undefined, period: 6, ropeBase: { fallback: 10000 }, ropeScaling: 'magnitude' },
    scalesEmbedding: true,
    softcaps: { logits: 0 },
    queryScaleDim: gemmaQueryScale(62),
  },
]

export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map(TABLE.map((row) => [row.name, row]))
