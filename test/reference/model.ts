// A whole model, one token after another, in float64 over F32 or dequantized weights: slow, short, and right.

import { readFileSync } from 'node:fs'
import type { GgufFile } from '../../engine/gguf/file.ts'
import { readF32Tensor } from '../../engine/gguf/tensor-data.ts'
import type { TensorInfo } from '../../engine/gguf/tensor-table.ts'
import { modelConfig } from '../../engine/model/config/config.ts'
import type { LayerKind, ModelConfig } from '../../engine/model/config/model-config.ts'
import { ropeDivisors, ropeFrequencies } from '../../engine/model/config/rope-frequencies.ts'
import type { MatrixTensor } from '../../engine/model/memory/model-weights.ts'
import { modelWeights } from '../../engine/model/memory/weights.ts'
import { attention } from './attention.ts'
import { dequantize } from './dequantize.ts'
import { halfToFloat } from './half.ts'
import { matmul } from './matmul.ts'
import { rmsnorm } from './rmsnorm.ts'
import { rope } from './rope.ts'

export interface ReferenceRun {
  /** [position][word] */
  readonly logits: readonly Float64Array[]
  /** Per position, the least distance in any layer from the least likely chosen expert to the likeliest other one. */
  readonly margins: readonly number[]
  /** [position][width]: what the head reads. */
  readonly embeddings: readonly Float64Array[]
}

/** Runs a sequence of tokens in a context of `contextLength` positions. */
export function runReference(file: GgufFile, ids: readonly number[], contextLength = 4096): ReferenceRun {
  const config = modelConfig(file)
  const weights = modelWeights(file, config)
  const read = cached((tensor) => readWeights(file, tensor))
  const divisors = ropeDivisors(weights, config.ropes[0]!, contextLength)
  const ropes = config.ropes.map((each, i) => ropeFrequencies(each, i === 0 && divisors ? read(divisors) : undefined))
  const { width } = config
  const product = (matrix: TensorInfo, x: Float64Array, bias?: TensorInfo) => {
    const { values } = matmul(read(matrix), x, matrix.dims[1]!, matrix.dims[0]!)
    const { scale } = matrix as MatrixTensor
    const scaled = scale ? values.map((value) => value * read(scale)[0]!) : values
    return bias === undefined ? scaled : plus(scaled, read(bias))
  }
  const norm = (x: Float64Array, weight: TensorInfo | undefined) =>
    weight ? rmsnorm(x, read(weight), config.normEps) : x
  const parts: Parts = { config, read, product, norm }
  const layers = weights.layers.map(({ matrices, vectors }): Layer => ({ ...matrices, ...vectors }))
  const caches: Cache[] = layers.map(() => ({ keys: [], values: [] }))
  const margins: number[] = []
  const embeddings: Float64Array[] = []
  const logits = ids.map((id, position) => {
    const row = read(weights.tokenEmbedding).subarray(id * width, (id + 1) * width)
    let x: Float64Array = Float64Array.from(row, (value) => value * config.embeddingScale)
    let margin = Number.POSITIVE_INFINITY
    layers.forEach((layer, index) => {
      const { frequencies, magnitude } = ropes[config.layers[index]!.rope]!
      const rotate = (heads: readonly Float64Array[]) => {
        const angles = Array.from(frequencies, (frequency) => frequency * position)
        const { style, dimensionCount } = config.ropes[config.layers[index]!.rope]!
        return heads.map((head) =>
          rope(head, angles, style === 'halves').map((v, i) => (i < dimensionCount ? v * magnitude : v)),
        )
      }
      const mixed = attend(parts, layer, caches[index]!, norm(x, layer.attentionNorm), rotate, config.layers[index]!)
      x = plus(x, norm(mixed, layer.attentionPostNorm), config.residualScale)
      const input = norm(x, layer.ffnNorm)
      const fed = layer.router ? mixture(parts, layer, input) : { out: feedForward(parts, layer, input), margin }
      margin = Math.min(margin, fed.margin)
      x = plus(x, norm(fed.out, layer.ffnPostNorm), config.residualScale)
    })
    margins.push(margin)
    const last = norm(x, weights.outputNorm)
    embeddings.push(last)
    return product(weights.output, last).map((logit) => capped(logit * config.logitScale, config.logitSoftcap))
  })
  return { logits, margins, embeddings }
}

/** Tensors by role. */
type Layer = Readonly<Record<string, TensorInfo>>

interface Parts {
  readonly config: ModelConfig
  readonly read: (tensor: TensorInfo) => Float32Array
  readonly product: (matrix: TensorInfo, x: Float64Array, bias?: TensorInfo) => Float64Array
  readonly norm: (x: Float64Array, weight: TensorInfo | undefined) => Float64Array
}

/** By position, one vector per KV head. */
interface Cache {
  readonly keys: Float64Array[][]
  readonly values: Float64Array[][]
}

function attend(
  { config, product, norm }: Parts,
  layer: Layer,
  { keys, values }: Cache,
  input: Float64Array,
  rotate: (heads: readonly Float64Array[]) => Float64Array[],
  { window, heads, kvHeads }: LayerKind,
): Float64Array {
  const { headDim, attentionScale, attentionSoftcap } = config
  const split = (x: Float64Array) =>
    Array.from({ length: x.length / headDim }, (_, head) => x.subarray(head * headDim, (head + 1) * headDim))
  const normed = (x: Float64Array, weight: TensorInfo | undefined) =>
    weight?.dims[0] === headDim ? split(x).map((head) => norm(head, weight)) : split(norm(x, weight))
  keys.push(rotate(normed(product(layer.k!, input, layer.kBias), layer.kNorm)))
  values.push(split(product(layer.v!, input, layer.vBias)))
  const first = window === undefined ? 0 : Math.max(0, keys.length - window)
  const queries = rotate(normed(product(layer.q!, input, layer.qBias), layer.qNorm))
  const mixed = queries.flatMap((query, head) => {
    const seen = (cells: Float64Array[][]) =>
      cells.slice(first).map((cell) => cell[Math.floor((head * kvHeads) / heads)]!)
    return Array.from(attention(query, seen(keys), seen(values), attentionScale, attentionSoftcap))
  })
  return product(layer.attentionOutput!, Float64Array.from(mixed), layer.attentionOutputBias)
}

function feedForward({ config, product }: Parts, layer: Layer, x: Float64Array): Float64Array {
  const gate = product(layer.gate!, x, layer.gateBias)
  return product(layer.down!, gated(config, gate, product(layer.up!, x, layer.upBias)), layer.downBias)
}

function mixture({ config, product }: Parts, layer: Layer, x: Float64Array) {
  const { used, isNormalized } = config.experts!
  const scores = product(layer.router!, x)
  const all = scores.reduce((sum, score) => sum + Math.exp(score - Math.max(...scores)), 0)
  const shares = Array.from(scores, (score, id) => ({ id, share: Math.exp(score - Math.max(...scores)) / all }))
  shares.sort((a, b) => b.share - a.share || a.id - b.id)
  const chosen = shares.slice(0, used)
  const total = isNormalized ? chosen.reduce((sum, { share }) => sum + share, 0) : 1
  let out: Float64Array = new Float64Array(config.width)
  for (const { id, share } of chosen) {
    const hidden = gated(config, product(slab(layer.expertGate!, id), x), product(slab(layer.expertUp!, id), x))
    out = plus(out, product(slab(layer.expertDown!, id), hidden), share / total)
  }
  if (layer.sharedGate) {
    const hidden = gated(config, product(layer.sharedGate, x), product(layer.sharedUp!, x))
    const share = 1 / (1 + Math.exp(-product(layer.sharedRouter!, x)[0]!))
    out = plus(out, product(layer.sharedDown!, hidden), share)
  }
  return { out, margin: chosen.at(-1)!.share - (shares[used]?.share ?? 0) }
}

function gated({ activation }: ModelConfig, gate: Float64Array, up: Float64Array): Float64Array {
  return gate.map((g, i) => {
    if (activation === 'silu') return (g / (1 + Math.exp(-g))) * up[i]!
    return (g / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g ** 3))) * up[i]!
  })
}

const capped = (value: number, cap: number): number => (cap === 0 ? value : cap * Math.tanh(value / cap))

/** One of the matrices of a tensor. */
const slabs = new Map<TensorInfo, TensorInfo[]>()
function slab(tensor: TensorInfo, index: number): TensorInfo {
  const [inputs = 1, outputs = 1, count = 1] = tensor.dims
  let all = slabs.get(tensor)
  if (all === undefined) {
    const bytes = tensor.bytes / count
    const { scale } = tensor as MatrixTensor
    const scaleOf = (i: number) => scale && { scale: { ...scale, dims: [1], offset: scale.offset + 4 * i, bytes: 4 } }
    all = Array.from({ length: count }, (_, i) => ({
      ...tensor,
      ...{ dims: [inputs, outputs], offset: tensor.offset + i * bytes, bytes },
      ...scaleOf(i),
    }))
    slabs.set(tensor, all)
  }
  return all[index]!
}

function readWeights(file: GgufFile, tensor: TensorInfo): Float32Array {
  if (tensor.type === 'F32') return readF32Tensor(file, tensor)
  const bytes = readFileSync(file.shards[tensor.shard]!.path).subarray(tensor.offset, tensor.offset + tensor.bytes)
  if (tensor.type !== 'F16') return dequantize(tensor.type, bytes)
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => halfToFloat(bytes.readUInt16LE(2 * i)))
}

function cached<Value>(read: (tensor: TensorInfo) => Value): (tensor: TensorInfo) => Value {
  const found = new Map<TensorInfo, Value>()
  return (tensor) => {
    if (!found.has(tensor)) found.set(tensor, read(tensor))
    return found.get(tensor)!
  }
}

function plus(a: Float64Array, b: ArrayLike<number>, factor = 1): Float64Array {
  return a.map((value, i) => value + b[i]! * factor)
}
