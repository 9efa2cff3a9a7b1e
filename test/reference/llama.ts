// A whole Llama, one token after another, in float64 over F32 or dequantized weights: slow, short, and right.
import { readFileSync } from 'node:fs'
import type { GgufFile } from '../../engine/gguf/file.ts'
import { readF32Tensor } from '../../engine/gguf/tensor-data.ts'
import type { TensorInfo } from '../../engine/gguf/tensor-table.ts'
import { modelConfig } from '../../engine/model/config.ts'
import { ropeFrequencies } from '../../engine/model/rope-frequencies.ts'
import { modelWeights } from '../../engine/model/weights.ts'
import { attention } from './attention.ts'
import { dequantize } from './dequantize.ts'
import { matmul } from './matmul.ts'
import { rmsnorm } from './rmsnorm.ts'
import { rope } from './rope.ts'

/** The logits [position][word] along a sequence of tokens. */
export function llamaLogits(file: GgufFile, ids: readonly number[]): Float64Array[] {
  const config = modelConfig(file)
  const weights = modelWeights(file, config)
  const read = cached((tensor) => readWeights(file, tensor))
  const { frequencies, magnitude } = ropeFrequencies(
    config.rope,
    weights.ropeFrequencies && read(weights.ropeFrequencies),
  )
  const { headDim, width } = config
  const group = config.heads / config.kvHeads

  const norm = (x: Float64Array, weight: TensorInfo) => rmsnorm(x, read(weight), config.normEps)
  const product = (matrix: TensorInfo, x: Float64Array, bias?: TensorInfo) => {
    const { values } = matmul(read(matrix), x, matrix.dims[1]!, matrix.dims[0]!)
    return bias === undefined ? values : plus(values, read(bias))
  }
  const heads = (x: Float64Array) => {
    return Array.from({ length: x.length / headDim }, (_, head) => x.subarray(head * headDim, (head + 1) * headDim))
  }
  const rotated = (x: Float64Array, position: number) => {
    const angles = Array.from(frequencies, (frequency) => frequency * position)
    return heads(x).map((head) => rope(head, angles, config.rope.style === 'halves').map((value) => value * magnitude))
  }

  const keys: Float64Array[][][] = weights.layers.map(() => [])
  const values: Float64Array[][][] = weights.layers.map(() => [])
  return ids.map((id, position) => {
    let x: Float64Array = Float64Array.from(read(weights.tokenEmbedding).subarray(id * width, (id + 1) * width))
    weights.layers.forEach((layer, index) => {
      const input = norm(x, layer.attentionNorm)
      keys[index]!.push(rotated(product(layer.k, input, layer.kBias), position))
      values[index]!.push(heads(product(layer.v, input, layer.vBias)))
      const mixed = rotated(product(layer.q, input, layer.qBias), position).flatMap((query, head) => {
        const ofHead = (cells: Float64Array[][]) => cells.map((cell) => cell[Math.floor(head / group)]!)
        return Array.from(attention(query, ofHead(keys[index]!), ofHead(values[index]!), config.attentionScale))
      })
      x = plus(x, product(layer.attentionOutput, Float64Array.from(mixed)))
      const normed = norm(x, layer.ffnNorm)
      const up = product(layer.up, normed)
      const gated = product(layer.gate, normed).map((gate, i) => (gate / (1 + Math.exp(-gate))) * up[i]!)
      x = plus(x, product(layer.down, gated))
    })
    return product(weights.output, norm(x, weights.outputNorm))
  })
}

function readWeights(file: GgufFile, tensor: TensorInfo): Float32Array {
  if (tensor.type === 'F32') return readF32Tensor(file, tensor)
  const bytes = readFileSync(file.shards[tensor.shard]!.path).subarray(tensor.offset, tensor.offset + tensor.bytes)
  return dequantize(tensor.type, bytes)
}

function cached<Value>(read: (tensor: TensorInfo) => Value): (tensor: TensorInfo) => Value {
  const found = new Map<TensorInfo, Value>()
  return (tensor) => {
    if (!found.has(tensor)) found.set(tensor, read(tensor))
    return found.get(tensor)!
  }
}

function plus(a: Float64Array, b: ArrayLike<number>): Float64Array {
  return a.map((value, i) => value + b[i]!)
}
