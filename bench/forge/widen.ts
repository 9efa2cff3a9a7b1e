// Widens a trained F32 Llama to any larger shape without changing what it computes: a model that costs like a big one and
// speaks like a trained one. Matrices are padded with zero rows and columns; the first entries of norm weights are scaled
// so that the mean over more (zero) elements comes out the same; the layers are spread among layers that add nothing; old
// heads take the first elements of new heads, with queries scaled for the new attention scale, and rope_freqs.weight keeps
// their rotation frequencies.

import { type GgufFile, openGguf } from '../../engine/gguf/file.ts'
import { readF32Tensor } from '../../engine/gguf/tensor-data.ts'
import type { TensorInfo } from '../../engine/gguf/tensor-table.ts'
import { modelConfig } from '../../engine/model/config/config.ts'
import type { ModelConfig } from '../../engine/model/config/model-config.ts'
import type { LayerWeights } from '../../engine/model/memory/model-weights.ts'
import { modelWeights } from '../../engine/model/memory/weights.ts'
import type { MetadataItem, TensorItem } from './gguf-writer.ts'
import { type TensorSource, writeGguf } from './output-file.ts'
import { type ForgedType, fittingType, quantizeRow } from './quantize.ts'
import { llamaMetadata, llamaTensors, type Shape, type TypeChoice } from './shapes.ts'

/** A matrix or vector of the trained model, and which of its elements each new one takes. */
interface Mapping {
  readonly source: Float32Array
  /** Elements of a row of the source. */
  readonly inputs: number
  /** The source's row for a new row, -1 for zeros. */
  readonly row: (newRow: number) => number
  /** The new input for each input of the source. */
  readonly input: (oldInput: number) => number
  readonly factor: number
}

/**
 * Writes `modelPath` widened to `shape` and returns the file's size. The vocabulary stays. With a `headShift`, a word gets
 * the logit of the one so many places behind it: a model that is as sure as the trained one, and wrong.
 * @throws Error where the shape is smaller than the model's in any number
 */
export function forgeWidened(
  path: string,
  modelPath: string,
  shape: Omit<Shape, 'words'>,
  types: TypeChoice<ForgedType>,
  headShift = 0,
): number {
  const file = openGguf(modelPath)
  const config = modelConfig(file)
  const newShape = { ...shape, words: config.vocabularySize }
  checkShape(config, newShape)
  const mapping = mappings(file, config, newShape, headShift)
  const tensors: TensorSource[] = llamaTensors(newShape, types).map((item) => {
    const typed = { ...item, type: fittingType(item.type as ForgedType, item.dims[0]!) }
    return { ...typed, pieces: () => rows(typed, mapping(item.name)) }
  })
  const factors = ropeFactors(config, newShape)
  tensors.push({ name: 'rope_freqs.weight', type: 'F32', dims: [factors.length], pieces: () => [bytesOf(factors)] })
  const numbers = {
    contextLength: config.contextLength,
    normEps: config.normEps * (config.width / newShape.width),
    ropeBase: config.ropes[0]!.base,
    name: `widened ${newShape.width}x${newShape.layers} ${types.matrices}`,
  }
  return writeGguf(path, [...llamaMetadata(newShape, numbers), ...tokenizerItems(file)], tensors)
}

function checkShape(config: ModelConfig, shape: Shape): void {
  const headDim = shape.width / shape.heads
  const pairs: readonly (readonly [string, number, number])[] = [
    ['width', shape.width, config.width],
    ['ffn width', shape.ffnWidth, config.ffnWidth],
    ['layers', shape.layers, config.layerCount],
    ['kv heads', shape.kvHeads, config.kvHeads * copiesOf(config, shape)],
    ['heads per kv head', shape.heads / shape.kvHeads, 1],
    ['head width', headDim, config.headDim],
  ]
  for (const [what, found, least] of pairs) {
    if (!Number.isInteger(found)) throw new Error(`${what}: expected a whole number, found ${found}`)
    if (found < least) throw new Error(`${what}: expected at least ${least}, found ${found}`)
  }
  const rope = config.ropes[0]!
  if (rope.scaling.kind !== 'none' || rope.dimensionCount !== config.headDim) {
    throw new Error('expected a model that rotates whole heads without scaling')
  }
}

/** By a new tensor's name, what fills it; undefined for the padding layers' zero matrices. */
function mappings(
  file: GgufFile,
  config: ModelConfig,
  shape: Shape,
  headShift: number,
): (name: string) => Mapping | undefined {
  const weights = modelWeights(file, config)
  const read = (tensor: TensorInfo) => readF32Tensor(file, tensor)
  const same = (index: number) => index
  const below = (count: number) => (index: number) => (index < count ? index : -1)
  const [headDim, newHeadDim] = [config.headDim, shape.width / shape.heads]
  const heads = headMaps(config, shape)
  const matrix = (tensor: TensorInfo, changes: Partial<Mapping> = {}): Mapping => {
    const [inputs = 1, outputs = 1] = tensor.dims
    return { source: read(tensor), inputs, row: below(outputs), input: same, factor: 1, ...changes }
  }
  const norm = (tensor: TensorInfo) => matrix(tensor, { row: same, factor: Math.sqrt(config.width / shape.width) })
  const ofLayer = ({ matrices, vectors }: LayerWeights, part: string): Mapping => {
    switch (part) {
      case 'attn_norm.weight':
        return norm(vectors.attentionNorm!)
      case 'attn_q.weight':
        return matrix(matrices.q!, { row: heads.oldQuery, factor: Math.sqrt(newHeadDim / headDim) })
      case 'attn_k.weight':
        return matrix(matrices.k!, { row: heads.oldKv })
      case 'attn_v.weight':
        return matrix(matrices.v!, { row: heads.oldKv })
      case 'attn_output.weight':
        return matrix(matrices.attentionOutput!, { input: heads.newQuery })
      case 'ffn_norm.weight':
        return norm(vectors.ffnNorm!)
      case 'ffn_gate.weight':
        return matrix(matrices.gate!)
      case 'ffn_up.weight':
        return matrix(matrices.up!)
      default:
        return matrix(matrices.down!)
    }
  }
  const layerOf = new Map(weights.layers.map((layer, i) => [spread(i, config.layerCount, shape.layers), layer]))
  return (name) => {
    const [, index, part] = /^blk\.(\d+)\.(.*)$/.exec(name) ?? []
    if (part !== undefined) {
      const layer = layerOf.get(Number(index))
      return layer && ofLayer(layer, part)
    }
    if (name === 'output_norm.weight') return norm(weights.outputNorm)
    if (name !== 'output.weight') return matrix(weights.tokenEmbedding)
    return matrix(weights.output, { row: (word) => (word + headShift) % shape.words })
  }
}

/** Where layer `index` of `count` goes among `newCount`. */
function spread(index: number, count: number, newCount: number): number {
  return Math.floor(((index + 0.5) * newCount) / count)
}

/**
 * Row numbers of q, k and v: an old head takes the first rows of a new one. The heads of an old group go to one new group,
 * or to several with a copy of its keys and values each where new groups are smaller.
 */
function headMaps(config: ModelConfig, shape: Shape) {
  const { headDim, kvHeads } = config
  const newHeadDim = shape.width / shape.heads
  const group = config.heads / kvHeads
  const newGroup = shape.heads / shape.kvHeads
  const copies = copiesOf(config, shape)
  return {
    oldKv: (row: number) => {
      const [head, lane] = [Math.floor(row / newHeadDim), row % newHeadDim]
      const kvHead = Math.floor(head / copies)
      return kvHead < kvHeads && lane < headDim ? kvHead * headDim + lane : -1
    },
    oldQuery: (row: number) => {
      const [head, lane] = [Math.floor(row / newHeadDim), row % newHeadDim]
      const [newKvHead, seat] = [Math.floor(head / newGroup), head % newGroup]
      const [kvHead, member] = [Math.floor(newKvHead / copies), (newKvHead % copies) * newGroup + seat]
      const exists = kvHead < kvHeads && member < group && lane < headDim
      return exists ? (kvHead * group + member) * headDim + lane : -1
    },
    newQuery: (row: number) => {
      const [head, lane] = [Math.floor(row / headDim), row % headDim]
      const [kvHead, member] = [Math.floor(head / group), head % group]
      const newKvHead = kvHead * copies + Math.floor(member / newGroup)
      return (newKvHead * newGroup + (member % newGroup)) * newHeadDim + lane
    },
  }
}

/** New groups that an old one needs. */
function copiesOf(config: ModelConfig, shape: Shape): number {
  return Math.ceil((config.heads / config.kvHeads) * (shape.kvHeads / shape.heads))
}

/** Divisors that give the first pairs of a new head the frequencies of an old one. */
function ropeFactors({ headDim, ropes }: ModelConfig, shape: Shape): Float32Array {
  const { base } = ropes[0]!
  const newHeadDim = shape.width / shape.heads
  return Float32Array.from({ length: newHeadDim / 2 }, (_, pair) =>
    pair < headDim / 2 ? base ** (-2 * pair * (1 / newHeadDim - 1 / headDim)) : 1,
  )
}

/** The rows of a new tensor as data. */
function* rows({ type, dims }: TensorItem, mapping: Mapping | undefined): Generator<Uint8Array> {
  const [inputs = 1, outputs = 1] = dims
  const isVector = dims.length === 1
  const zeros = quantizeRow(type as ForgedType, new Float32Array(inputs))
  if (mapping === undefined && isVector) yield bytesOf(new Float32Array(inputs).fill(1))
  else {
    for (let newRow = 0; newRow < outputs; newRow++) {
      const row = mapping === undefined ? -1 : mapping.row(newRow)
      if (mapping === undefined || row < 0) {
        yield zeros
        continue
      }
      const values = new Float32Array(inputs)
      for (let i = 0; i < mapping.inputs; i++) {
        values[mapping.input(i)] = mapping.source[row * mapping.inputs + i]! * mapping.factor
      }
      yield quantizeRow(type as ForgedType, values)
    }
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer)
}

/** The tokenizer's keys as they are. */
function tokenizerItems(file: GgufFile): MetadataItem[] {
  const items: MetadataItem[] = []
  for (const [key, entry] of file.metadata) {
    if (!key.startsWith('tokenizer.')) continue
    const value = entry.kind === 'scalar' ? entry.value : entry.items
    if (value === undefined)
      throw new Error(`${key}: expected at most 1024 elements, found ${entry.kind === 'array' && entry.count}`)
    items.push({ key, type: entry.type, value })
  }
  return items
}
