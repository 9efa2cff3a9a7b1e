// The hyper-parameters of a model: what the parts of the engine know of it. Plain data, the same for every file it came
// from; config.ts reads it.
import type { Pooling } from '../../public/embed.ts'
import type { RopeScaling } from './rope-scaling.ts'

/** Which elements of a head are rotated together: 0 and 1, 2 and 3, ... or 0 and n/2, 1 and n/2 + 1, ... */
export type RopeStyle = 'adjacent' | 'halves'

export interface RopeConfig {
  readonly base: number
  /** Elements of each head that are rotated; even. */
  readonly dimensionCount: number
  readonly style: RopeStyle
  readonly scaling: RopeScaling
  /** Factor on the rotated values, before what the scaling itself adds. */
  readonly magnitude: number
  /** Positions before any stretching: beyond them the divisors for long contexts are used, where the file has some. */
  readonly originalContext: number
}

export interface LayerShape {
  /** Query heads. */
  readonly heads: number
  /** Heads of keys and values, a divisor of `heads`. */
  readonly kvHeads: number
  readonly ffnWidth: number
}

export interface LayerKind extends LayerShape {
  /** Newest positions a row sees, its own included; undefined: all. */
  readonly window: number | undefined
  /** Index of the layer's rotation in `ropes`. */
  readonly rope: number
}

export interface ExpertsConfig {
  readonly count: number
  /** Experts a token goes through. */
  readonly used: number
  readonly ffnWidth: number
  /** Width of the FFN that every token takes besides, 0 for none. */
  readonly sharedFfnWidth: number
  /** The weights of the chosen experts are divided by their sum. */
  readonly isNormalized: boolean
}

/** Tokens with a meaning of their own; undefined where the model has none. */
export interface EndTokens {
  readonly bos: number | undefined
  readonly eos: number | undefined
  /** End of a turn. */
  readonly eot: number | undefined
  /** End of a message that awaits a tool. */
  readonly eom: number | undefined
}

/** What a file says of embeddings that are not formed here: a ranker's answer is no vector. */
export interface ForeignPooling {
  readonly found: string
}

export interface ModelConfig {
  readonly architecture: string
  readonly layerCount: number
  /** What differs from layer to layer. */
  readonly layers: readonly LayerKind[]
  /** Elements of a token's activation between layers. */
  readonly width: number
  /** Of the widest layer, as are `heads` and `kvHeads`. */
  readonly ffnWidth: number
  /** What the FFN's gate goes through. */
  readonly activation: 'silu' | 'gelu'
  /** Undefined for a dense model. */
  readonly experts: ExpertsConfig | undefined
  readonly heads: number
  readonly kvHeads: number
  /** Elements of a head's query, key and value. */
  readonly headDim: number
  readonly vocabularySize: number
  /** Positions the model was trained for. */
  readonly contextLength: number
  readonly normEps: number
  /** Factor on a query's dot products with the keys. */
  readonly attentionScale: number
  /** Scores of attention are softly kept below this; 0: they are not. */
  readonly attentionSoftcap: number
  /** Likewise the logits. */
  readonly logitSoftcap: number
  /** Factors on token embeddings, on what a block adds to the residual stream, and on logits. */
  readonly embeddingScale: number
  readonly residualScale: number
  readonly logitScale: number
  /** Rotations of layers, see `LayerKind`. */
  readonly ropes: readonly RopeConfig[]
  readonly tokens: EndTokens
  /** How the file says that embeddings of texts are formed, if it does; in its own words where they are not formed here. */
  readonly pooling: Pooling | ForeignPooling | undefined
}
