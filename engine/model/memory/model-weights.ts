// The tensors of a model by what they are for; weights.ts finds them. Pure.
import type { ComputableType } from '../../gguf/ggml-types.ts'
import type { TensorInfo } from '../../gguf/tensor-table.ts'

/** A matrix: dims [inputs, outputs], a row of `inputs` elements per output; several of them: [inputs, outputs, count]. */
export interface MatrixTensor extends TensorInfo {
  readonly type: ComputableType
  /** One factor on all products of the matrix; of several matrices one for each. */
  readonly scale?: VectorTensor | undefined
}

/** F32 values: a norm, a bias, frequency factors. */
export interface VectorTensor extends TensorInfo {
  readonly type: 'F32'
}

/** The tensors of a layer by role. Tensors that several roles share are cut into one for each. */
export interface LayerWeights {
  readonly matrices: { readonly [role: string]: MatrixTensor }
  readonly vectors: { readonly [role: string]: VectorTensor }
}

export interface ModelWeights {
  readonly tokenEmbedding: MatrixTensor
  readonly outputNorm: VectorTensor
  /** The very same record as `tokenEmbedding` where the model has no head of its own. */
  readonly output: MatrixTensor
  /** A divisor per rotated pair. */
  readonly ropeFrequencies: VectorTensor | undefined
  /** Likewise, for sequences up to the original context and for longer ones. */
  readonly ropeFactorsShort: VectorTensor | undefined
  readonly ropeFactorsLong: VectorTensor | undefined
  readonly layers: readonly LayerWeights[]
}
