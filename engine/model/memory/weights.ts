// Gives every tensor of a model its role and checks its shape and type. Pure.

import { TsinferError } from '../../errors.ts'
import type { GgufFile } from '../../gguf/file.ts'
import { adviceFor, COMPUTABLE_TYPES, isComputable } from '../../gguf/ggml-types.ts'
import type { TensorInfo } from '../../gguf/tensor-table.ts'
import { quoted } from '../../quoted.ts'
import { layerTensors } from '../architectures/list.ts'
import { dimsOf } from '../blocks/layer-tensor.ts'
import { invalidModel } from '../config/checked-metadata.ts'
import type { ModelConfig } from '../config/model-config.ts'
import type { LayerWeights, MatrixTensor, ModelWeights, VectorTensor } from './model-weights.ts'

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
    if (tensor === undefined) return undefined
    checkTensor(tensor, dims)
    return { ...tensor, dims }
  }
  const need = (name: string, dims: readonly number[]): TensorInfo => {
    const tensor = take(name, dims)
    if (tensor === undefined) throw invalidModel(`expected a tensor ${name} of ${dims.join(' x ')}, found none`)
    return tensor
  }
  const pairs = config.ropes[0]!.dimensionCount / 2
  const headDims = [config.width, config.vocabularySize]
  const divisors = (name: string) => take(name, [pairs]) as VectorTensor | undefined
  const tokenEmbedding = need('token_embd.weight', [config.width, config.vocabularySize]) as MatrixTensor
  const weights: ModelWeights = {
    tokenEmbedding,
    outputNorm: need('output_norm.weight', [config.width]) as VectorTensor,
    output: (scaled(take('output.weight', headDims), 1, take) as MatrixTensor | undefined) ?? tokenEmbedding,
    ropeFrequencies: divisors('rope_freqs.weight'),
    ropeFactorsShort: divisors('rope_factors_short.weight'),
    ropeFactorsLong: divisors('rope_factors_long.weight'),
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
  const matrices: Record<string, MatrixTensor> = {}
  const vectors: Record<string, VectorTensor> = {}
  const shape = config.layers[layer]!
  for (const layerTensor of layerTensors(config, layer)) {
    const { name, inputs, parts, optional } = layerTensor
    const found: Record<string, TensorInfo> = inputs ? matrices : vectors
    // An earlier tensor may have held these roles together.
    if (parts.every(({ role }) => found[role] !== undefined)) continue
    const dims = dimsOf(layerTensor, config, shape)
    const tensor = scaled((optional ? take : need)(`blk.${layer}.${name}`, dims), dims[2] ?? 1, take)
    if (tensor === undefined) continue
    let first = 0
    for (const { role, outputs } of parts) {
      const count = outputs(config, shape)
      found[role] = parts.length === 1 ? tensor : outputRange(tensor, first, count)
      first += count
    }
  }
  return { matrices, vectors }
}

/**
 * A matrix with its factors: those of NAME.weight are called NAME.scale. NAME.input_scale is for activations of four bits,
 * which these are not.
 */
function scaled(
  tensor: TensorInfo | undefined,
  slabs: number,
  take: Lookup['take'],
): (TensorInfo & Pick<MatrixTensor, 'scale'>) | undefined {
  if (tensor === undefined || tensor.dims.length === 1) return tensor
  const name = tensor.name.replace(/weight$/, '')
  take(`${name}input_scale`, [slabs])
  const scale = take(`${name}scale`, [slabs]) as VectorTensor | undefined
  return scale ? { ...tensor, scale } : tensor
}

/** Outputs `first .. first + count - 1` of a matrix or vector as a tensor: they lie one after the other. */
function outputRange(tensor: TensorInfo, first: number, count: number): TensorInfo {
  const isVector = tensor.dims.length === 1
  const total = isVector ? tensor.dims[0]! : tensor.dims[1]!
  const outputBytes = tensor.bytes / total
  return {
    ...tensor,
    dims: isVector ? [count] : [tensor.dims[0]!, count],
    offset: tensor.offset + first * outputBytes,
    bytes: count * outputBytes,
  }
}

/** One dimension: F32 values; more: a matrix of a type with kernels. Dimensions of 1 at the end do not count. */
function checkTensor(tensor: TensorInfo, dims: readonly number[]): void {
  const { name, type } = tensor
  const found = withoutOnes(tensor.dims)
  const expected = withoutOnes(dims)
  if (found.length !== expected.length || found.some((dim, i) => dim !== expected[i])) {
    throw invalidModel(`tensor ${name}: expected a shape of ${dims.join(' x ')}, found ${tensor.dims.join(' x ')}`)
  }
  if (dims.length > 1 ? isComputable(type) : type === 'F32') return
  const types = dims.length > 1 ? `one of the types ${COMPUTABLE_TYPES.join(', ')}` : 'type F32'
  throw new TsinferError(
    'tensor_type_unsupported',
    `tensor ${name}: expected ${types}, found ${type}; ${adviceFor(type)}`,
  )
}

function withoutOnes(dims: readonly number[]): number[] {
  const kept = [...dims]
  while (kept.length > 1 && kept.at(-1) === 1) kept.pop()
  return kept
}
