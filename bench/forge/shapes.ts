// Shapes of Llamas to forge, and what a GGUF file of such a shape consists of.
import type { ComputableType } from '../../engine/gguf/ggml-types.ts'
import type { MetadataItem, TensorItem } from './gguf-writer.ts'

export interface Shape {
  readonly width: number
  readonly ffnWidth: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly words: number
}

export const SHAPES: Readonly<Record<string, Shape>> = {
  '160m': { width: 768, ffnWidth: 3072, layers: 12, heads: 12, kvHeads: 12, words: 32000 },
  '1b': { width: 2048, ffnWidth: 8192, layers: 16, heads: 32, kvHeads: 8, words: 32000 },
  // The same with a vocabulary of today's models.
  '1b128k': { width: 2048, ffnWidth: 8192, layers: 16, heads: 32, kvHeads: 8, words: 128256 },
  '3b': { width: 3072, ffnWidth: 8192, layers: 28, heads: 24, kvHeads: 8, words: 128256 },
  '8b': { width: 4096, ffnWidth: 14336, layers: 32, heads: 32, kvHeads: 8, words: 128256 },
  // 5 GiB in Q8_0: more than one 32-bit memory holds.
  '5g': { width: 4096, ffnWidth: 14336, layers: 22, heads: 32, kvHeads: 8, words: 32000 },
}

/** Types by what a matrix is for. */
export interface TypeChoice<T extends ComputableType = ComputableType> {
  readonly matrices: T
  /** The embedding and the output matrix. */
  readonly head: T
  /** The FFN's down projection, whose rows are the longest. */
  readonly down: T
}

export interface LlamaNumbers {
  readonly contextLength: number
  readonly normEps: number
  readonly ropeBase: number
  readonly name: string
}

/** The architecture's keys. */
export function llamaMetadata(shape: Shape, numbers: LlamaNumbers): MetadataItem[] {
  const headDim = shape.width / shape.heads
  const integer = (key: string, value: number): MetadataItem => ({ key: `llama.${key}`, type: 'u32', value })
  const float = (key: string, value: number): MetadataItem => ({ key: `llama.${key}`, type: 'f32', value })
  return [
    { key: 'general.architecture', type: 'string', value: 'llama' },
    { key: 'general.name', type: 'string', value: numbers.name },
    integer('context_length', numbers.contextLength),
    integer('embedding_length', shape.width),
    integer('block_count', shape.layers),
    integer('feed_forward_length', shape.ffnWidth),
    integer('rope.dimension_count', headDim),
    integer('attention.head_count', shape.heads),
    integer('attention.head_count_kv', shape.kvHeads),
    float('attention.layer_norm_rms_epsilon', numbers.normEps),
    float('rope.freq_base', numbers.ropeBase),
    integer('vocab_size', shape.words),
  ]
}

/** All tensors of a Llama with a head of its own, in file order. Norms are F32. */
export function llamaTensors(shape: Shape, types: TypeChoice): TensorItem[] {
  const { width, ffnWidth, words } = shape
  const kvWidth = (width / shape.heads) * shape.kvHeads
  const matrix = (name: string, inputs: number, outputs: number, type = types.matrices): TensorItem => {
    return { name: `${name}.weight`, type, dims: [inputs, outputs] }
  }
  const norm = (name: string): TensorItem => ({ name: `${name}.weight`, type: 'F32', dims: [width] })
  const layer = (index: number): TensorItem[] => [
    norm(`blk.${index}.attn_norm`),
    matrix(`blk.${index}.attn_q`, width, width),
    matrix(`blk.${index}.attn_k`, width, kvWidth),
    matrix(`blk.${index}.attn_v`, width, kvWidth),
    matrix(`blk.${index}.attn_output`, width, width),
    norm(`blk.${index}.ffn_norm`),
    matrix(`blk.${index}.ffn_gate`, width, ffnWidth),
    matrix(`blk.${index}.ffn_up`, width, ffnWidth),
    matrix(`blk.${index}.ffn_down`, ffnWidth, width, types.down),
  ]
  return [
    matrix('token_embd', width, words, types.head),
    norm('output_norm'),
    matrix('output', width, words, types.head),
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
  ]
}
