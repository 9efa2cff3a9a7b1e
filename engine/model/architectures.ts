// What distinguishes one model architecture from another, as data: a new architecture of the same family is a new row.
// Facts follow llama.cpp's src/models, one file per architecture, and its table of rotation styles. Pure.
import type { ModelConfig } from './config.ts'
import {
  ATTENTION_OUTPUT,
  EXPERTS,
  FUSED_FFN,
  GATED_FFN,
  HEAD_NORMS,
  type LayerTensor,
  POST_NORMS,
  PRE_NORMS,
  QKV,
  ROW_NORMS,
  SHARED_EXPERT,
} from './layer-tensors.ts'

/** Which elements of a head are rotated together: 0 and 1, 2 and 3, ... or 0 and n/2, 1 and n/2 + 1, ... */
export type RopeStyle = 'adjacent' | 'halves'

/** Layers that see only the newest positions, among layers that see all. */
export interface WindowPattern {
  /** Positions they see where the file does not say; undefined: then all layers see everything. */
  readonly positions: number | undefined
  /** Every `period`-th layer sees all, where the file names no other pattern. */
  readonly period: number
  /** Their rotation may have a base of its own: as the file says, else this one, else that of the other layers. */
  readonly ropeBase?: { readonly fallback?: number }
  /** How much of the scaling of the other layers' rotation they have: all of it, its factor on the values, or nothing. */
  readonly ropeScaling: 'whole' | 'magnitude' | 'none'
}

export interface Architecture {
  /** As in general.architecture, and the prefix of the architecture's metadata keys. */
  readonly name: string
  readonly ropeStyle: RopeStyle
  /** What the FFN's gate goes through. */
  readonly activation: 'silu' | 'gelu'
  readonly attentionTensors: readonly LayerTensor[]
  /** Absent where all models of the architecture are mixtures of experts. */
  readonly ffnTensors?: readonly LayerTensor[]
  readonly experts?: {
    readonly tensors: readonly LayerTensor[]
    /** The chosen experts' weights are divided by their sum. */
    readonly normalized: boolean
  }
  readonly window?: WindowPattern
  /** Token embeddings are multiplied by the square root of the width. */
  readonly scalesEmbedding?: true
  /** The file has factors for embeddings, residuals, logits and attention. */
  readonly hasMultipliers?: true
  /** Soft caps where the file does not state them, 0 for none; absent: never any, whatever the file says. */
  readonly softcaps?: { readonly attention?: number; readonly logits?: number }
  /** What a query is divided by the square root of, where that is not the length of a head. */
  readonly queryScaleDim?: (config: Pick<ModelConfig, 'layerCount' | 'width' | 'heads'>) => number | undefined
}

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
