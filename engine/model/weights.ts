// Gives every tensor of a model its role and checks its shape and type. Pure.
import { TsinferError } from '../errors.ts'
import type { GgufFile } from '../gguf/file.ts'
import { COMPUTABLE_TYPES, type ComputableType, isComputable } from '../gguf/ggml-types.ts'
import { quoted } from '../gguf/quoted.ts'
import type { TensorInfo } from '../gguf/tensor-table.ts'
import { ARCHITECTURES, type LayerTensor } from './architectures.ts'
import { invalidModel } from './checked-metadata.ts'
import type { ModelConfig } from './config.ts'

/** A matrix: dims [inputs, outputs], a row of `inputs` elements per output. */
export interface MatrixTensor extends TensorInfo {
  readonly type: ComputableType
}

/** F32 values: a norm, a bias, frequency factors. */
export interface VectorTensor extends TensorInfo {
  readonly type: 'F32'
}

export interface LayerWeights {
  readonly attentionNorm: VectorTensor
  readonly q: MatrixTensor
  readonly k: MatrixTensor
  readonly v: MatrixTensor
  readonly qBias: VectorTensor | undefined
  readonly kBias: VectorTensor | undefined
  readonly vBias: VectorTensor | undefined
  readonly attentionOutput: MatrixTensor
  readonly ffnNorm: VectorTensor
  readonly gate: MatrixTensor
  readonly up: MatrixTensor
  readonly down: MatrixTensor
}

export interface ModelWeights {
  readonly tokenEmbedding: MatrixTensor
  readonly outputNorm: VectorTensor
  /** The very same record as `tokenEmbedding` where the model has no head of its own. */
  readonly output: MatrixTensor
  /** A divisor per rotated pair. */
  readonly ropeFrequencies: VectorTensor | undefined
  readonly layers: readonly LayerWeights[]
}

/**
 * The weights of the model `config` describes.
 * @throws TsinferError `model_invalid` for a tensor that is missing, of another shape or of no role (computing without it
 *   would be silently wrong), `tensor_type_unsupported` for a type without kernels
 */
export function modelWeights(file: Pick<GgufFile, 'tensors'>, config: ModelConfig): ModelWeights {
  const unused = new Map(file.tensors)
  const take = (name: string, dims: readonly number[]): TensorInfo | undefined => {
    const tensor = unused.get(name)
    unused.delete(name)
    if (tensor !== undefined) checkTensor(tensor, dims)
    return tensor
  }
  const need = (name: string, dims: readonly number[]): TensorInfo => {
    const tensor = take(name, dims)
    if (tensor === undefined) throw invalidModel(`expected a tensor ${name} of ${dims.join(' x ')}, found none`)
    return tensor
  }
  const tokenEmbedding = need('token_embd.weight', [config.width, config.vocabularySize]) as MatrixTensor
  const weights: ModelWeights = {
    tokenEmbedding,
    outputNorm: need('output_norm.weight', [config.width]) as VectorTensor,
    output:
      (take('output.weight', [config.width, config.vocabularySize]) as MatrixTensor | undefined) ?? tokenEmbedding,
    ropeFrequencies: take('rope_freqs.weight', [config.rope.dimensionCount / 2]) as VectorTensor | undefined,
    layers: Array.from({ length: config.layerCount }, (_, layer) => layerWeights(config, layer, { take, need })),
  }
  for (const name of unused.keys()) {
    throw invalidModel(`expected only tensors of the architecture ${config.architecture}, found ${quoted(name)}`)
  }
  return weights
}

interface Lookup {
  readonly take: (name: string, dims: readonly number[]) => TensorInfo | undefined
  readonly need: (name: string, dims: readonly number[]) => TensorInfo
}

function layerWeights(config: ModelConfig, layer: number, { take, need }: Lookup): LayerWeights {
  const { layerTensors } = ARCHITECTURES.get(config.architecture)!
  const found = layerTensors.map(({ role, name, dims, optional }: LayerTensor) => {
    const lookUp = optional ? take : need
    return [role, lookUp(`blk.${layer}.${name}`, dims(config))] as const
  })
  // The table has a row per role, and checkTensor has seen to the types.
  return Object.fromEntries(found) as unknown as LayerWeights
}

/** One dimension: F32 values; two: a matrix of a type with kernels. Dimensions of 1 at the end do not count. */
function checkTensor(tensor: TensorInfo, dims: readonly number[]): void {
  const { name, type } = tensor
  const found = [...tensor.dims]
  while (found.length > dims.length && found.at(-1) === 1) found.pop()
  if (found.length !== dims.length || found.some((dim, i) => dim !== dims[i])) {
    throw invalidModel(`tensor ${name}: expected a shape of ${dims.join(' x ')}, found ${tensor.dims.join(' x ')}`)
  }
  if (dims.length > 1 ? isComputable(type) : type === 'F32') return
  const expected = dims.length > 1 ? `one of the types ${COMPUTABLE_TYPES.join(', ')}` : 'type F32'
  throw new TsinferError('tensor_type_unsupported', `tensor ${name}: expected ${expected}, found ${type}`)
}
