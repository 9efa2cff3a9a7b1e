// Writes a model of a recipe. Every number comes from the tensor's name and a seed by integer arithmetic, additions and
// multiplications alone, so that the file is the same on every machine.

import type { GgufEntry, ScalarValue } from '../../engine/gguf/metadata.ts'
import { layerTensors } from '../../engine/model/architectures/list.ts'
import { dimsOf, type LayerTensor } from '../../engine/model/blocks/layer-tensor.ts'
import { modelConfig } from '../../engine/model/config/config.ts'
import type { ModelConfig } from '../../engine/model/config/model-config.ts'
import type { MetadataItem, TensorItem } from './gguf-writer.ts'
import { type TensorSource, writeGguf } from './output-file.ts'
import { type ForgedType, fittingType, quantizeRow } from './quantize.ts'
import { uniformDraws } from './random.ts'
import type { Recipe } from './recipes.ts'
import { vocabularyMetadata } from './vocabulary.ts'

const WORDS = 512
/** Deviation of logits: peaked enough for the first five to matter. */
const LOGIT_DEVIATION = 3
/** Blocks must outweigh the embedding in the residual stream, or a tied head repeats the last token. */
const BLOCK_GAIN = 2

const COMMON_KEYS: NonNullable<Recipe['keys']> = {
  context_length: ['u32', 512],
  embedding_length: ['u32', 256],
  block_count: ['u32', 3],
  feed_forward_length: ['u32', 512],
  'attention.head_count': ['u32', 4],
  'attention.head_count_kv': ['u32', 2],
  'attention.layer_norm_rms_epsilon': ['f32', 1e-5],
  'rope.freq_base': ['f32', 10000],
}

/** Writes the model with matrices of `type` and returns the file's size; routers stay F32, as converters write them. */
export function forgeRandom(path: string, recipe: Recipe, type: ForgedType): number {
  const metadata = metadataOf(recipe)
  const config = configOf(metadata)
  const tensors = tensorsOf(recipe, config, type).map(
    (item): TensorSource => ({ ...item, pieces: () => rows(item, spreadOf(item, recipe, config)) }),
  )
  return writeGguf(path, metadata, tensors)
}

function metadataOf({ architecture, keys }: Recipe): MetadataItem[] {
  const own = Object.entries({ ...COMMON_KEYS, ...keys }).map(([key, [type, value]]): MetadataItem => {
    return { key: `${architecture}.${key}`, type, value }
  })
  return [
    { key: 'general.architecture', type: 'string', value: architecture },
    { key: 'general.name', type: 'string', value: 'random' },
    ...own,
    ...vocabularyMetadata(WORDS),
  ]
}

/** `Array.isArray` for arrays that are read only. */
const isArray = (value: MetadataItem['value']): value is Exclude<MetadataItem['value'], ScalarValue> =>
  Array.isArray(value)

/** As the engine will read it: the table of architectures knows the shapes. */
function configOf(metadata: readonly MetadataItem[]): ModelConfig {
  const entries = metadata.map(({ key, type, value }): [string, GgufEntry] => {
    if (!isArray(value)) return [key, { kind: 'scalar', type, value }]
    return [key, { kind: 'array', type, count: value.length, offset: 0, bytes: 0, items: value }]
  })
  const embedding = { name: 'token_embd.weight', type: 'F32', dims: [1, WORDS], shard: 0, offset: 0, bytes: 0 } as const
  return modelConfig({ metadata: new Map(entries), tensors: new Map([[embedding.name, embedding]]) })
}

function tensorsOf(recipe: Recipe, config: ModelConfig, type: ForgedType): TensorItem[] {
  const isWritten = ({ name, parts, optional }: LayerTensor): boolean => {
    const isChoice = optional || parts.some(({ role }) => role === 'q' || role === 'k' || role === 'v')
    return !isChoice || recipe.optional?.includes(name) === true
  }
  const ofLayer = (layer: number) =>
    layerTensors(config, layer)
      .filter(isWritten)
      .flatMap((tensor): TensorItem[] => {
        const dims = writtenDims(tensor, config, layer)
        const isPlain = tensor.inputs === undefined || tensor.name.startsWith('ffn_gate_inp')
        const name = `blk.${layer}.${tensor.name}`
        const item = { name, type: isPlain ? ('F32' as const) : fittingType(type, dims[0]!), dims }
        if (!recipe.scales?.includes(tensor.name)) return [item]
        return [item, { name: name.replace(/weight$/, 'scale'), type: 'F32', dims: [dims[2] ?? 1] }]
      })
  const { width } = config
  const pairs = config.ropes[0]!.dimensionCount / 2
  return [
    { name: 'token_embd.weight', type, dims: [width, WORDS] },
    { name: 'output_norm.weight', type: 'F32', dims: [width] },
    ...(recipe.isTied ? [] : [{ name: 'output.weight', type, dims: [width, WORDS] }]),
    ...(recipe.divisors ?? []).map((name): TensorItem => ({ name, type: 'F32', dims: [pairs] })),
    ...Array.from({ length: config.layerCount }, (_, layer) => ofLayer(layer)).flat(),
  ]
}

function writtenDims(tensor: LayerTensor, config: ModelConfig, layer: number): number[] {
  const dims = dimsOf(tensor, config, config.layers[layer]!)
  // The gate of a shared expert is written as a vector.
  return dims.length === 2 && dims[1] === 1 ? dims.slice(0, 1) : dims
}

/** Mean and deviation of a tensor's elements. */
interface Spread {
  readonly mean: number
  readonly deviation: number
}

function spreadOf({ name, dims }: TensorItem, recipe: Recipe, { width, headDim }: ModelConfig): Spread {
  const embeddingDeviation = recipe.embeddingDeviation ?? 1
  const perInput = 1 / Math.sqrt(dims[0]!)
  if (name === 'token_embd.weight') return { mean: 0, deviation: embeddingDeviation }
  if (name === 'output.weight') return { mean: 0, deviation: LOGIT_DEVIATION * perInput }
  if (name.endsWith('.scale')) return { mean: 1.2, deviation: 0.2 }
  if (name.startsWith('rope_factors')) return { mean: 3, deviation: 0.5 }
  if (name === 'output_norm.weight' && recipe.isTied) {
    const mean = LOGIT_DEVIATION / (embeddingDeviation * Math.sqrt(width))
    return { mean, deviation: mean / 5 }
  }
  if (/post_.*norm/.test(name)) return { mean: BLOCK_GAIN / 2, deviation: BLOCK_GAIN / 5 }
  if (/attn_[qk]_norm/.test(name)) return { mean: 1.5, deviation: 0.3 }
  if (name.includes('norm')) return { mean: 1, deviation: 0.2 }
  if (name.endsWith('.bias')) return { mean: 0, deviation: 0.3 }
  if (name.includes('ffn_gate_inp')) return { mean: 0, deviation: 2.5 * perInput }
  if (/attn_(q|k|qkv)\./.test(name)) return { mean: 0, deviation: 1.3 * perInput * (headDim > 64 ? 0.8 : 1) }
  if (/attn_output|ffn_down/.test(name)) return { mean: 0, deviation: BLOCK_GAIN * perInput }
  return { mean: 0, deviation: perInput }
}

function* rows({ name, type, dims }: TensorItem, { mean, deviation }: Spread): Generator<Uint8Array> {
  const [inputs = 1, ...others] = dims
  const noise = bellNoise(name)
  const count = others.reduce((product, dim) => product * dim, 1)
  for (let row = 0; row < count; row++) {
    yield quantizeRow(
      type as ForgedType,
      Float32Array.from({ length: inputs }, () => mean + deviation * noise()),
    )
  }
}

/** Mean 0, deviation 1: the sum of four uniform numbers has a variance of a third. */
function bellNoise(name: string): () => number {
  let state = 0x2545f491
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  const uniform = uniformDraws(state)
  const factor = Math.sqrt(3)
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * factor
}
