// What distinguishes one model architecture from another: of which blocks its layers are, and what its files say and leave
// out. Facts follow llama.cpp's src/models, one file per architecture, and its table of rotation styles. Pure.
import type { Block } from '../blocks/block.ts'
import type { ModelConfig, RopeStyle } from '../config/model-config.ts'

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
  /** The blocks of a layer in the order in which they run. The very same records for layers that are built alike. */
  readonly layer: (config: Pick<ModelConfig, 'experts'>, layer: number) => readonly Block[]
  /** Where its models may be mixtures of experts. */
  readonly experts?: {
    /** There are no others, and keys of their own say how wide experts are. */
    readonly always?: true
    /** All rows go through one more expert. */
    readonly shared?: true
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
