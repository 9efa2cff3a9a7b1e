// The header of a small Llama as data, to be spoiled in one place at a time.
import type { GgufFile } from '../../../engine/gguf/file.ts'
import type { GgmlTypeName } from '../../../engine/gguf/ggml-types.ts'
import type { GgufEntry, ScalarType, ScalarValue } from '../../../engine/gguf/metadata.ts'

export const TINY = { width: 64, ffn: 96, heads: 4, kvHeads: 2, layers: 2, vocabulary: 300 }

const scalars: readonly (readonly [string, ScalarType, ScalarValue])[] = [
  ['llama.block_count', 'u32', TINY.layers],
  ['llama.context_length', 'u32', 2048],
  ['llama.embedding_length', 'u32', TINY.width],
  ['llama.feed_forward_length', 'u32', TINY.ffn],
  ['llama.attention.head_count', 'u32', TINY.heads],
  ['llama.attention.head_count_kv', 'u32', TINY.kvHeads],
  ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5],
  ['tokenizer.ggml.bos_token_id', 'u32', 1],
  ['tokenizer.ggml.eos_token_id', 'u32', 2],
]

const { width, ffn, vocabulary } = TINY
const kvWidth = (width / TINY.heads) * TINY.kvHeads
const layerShapes: readonly (readonly [string, readonly number[]])[] = [
  ['attn_norm.weight', [width]],
  ['attn_q.weight', [width, width]],
  ['attn_k.weight', [width, kvWidth]],
  ['attn_v.weight', [width, kvWidth]],
  ['attn_output.weight', [width, width]],
  ['ffn_norm.weight', [width]],
  ['ffn_gate.weight', [width, ffn]],
  ['ffn_up.weight', [width, ffn]],
  ['ffn_down.weight', [ffn, width]],
]

export interface TinyModel {
  readonly file: GgufFile
  /** Adds or replaces a key; removes it where the value is undefined. */
  set(key: string, type: ScalarType, value: ScalarValue | undefined): TinyModel
  /** Adds or replaces a tensor; removes it where there are no dims. */
  tensor(name: string, dims?: readonly number[], type?: GgmlTypeName): TinyModel
}

/** `architecture`: whose keys there are; the tensors are always those of a Llama. */
export function tinyModel(architecture = 'llama'): TinyModel {
  const metadata = new Map<string, GgufEntry>()
  const tensors = new Map<string, ReturnType<GgufFile['tensors']['get']> & object>()
  const model: TinyModel = {
    file: { version: 3, metadata, tensors, shards: [{ path: 'tiny.gguf', bytes: 0, mtimeMs: 0 }] },
    set(key, type, value) {
      if (value === undefined) metadata.delete(key)
      else metadata.set(key, { kind: 'scalar', type, value })
      return model
    },
    tensor(name, dims, type = 'F32') {
      if (dims === undefined) tensors.delete(name)
      else tensors.set(name, { name, type, dims, shard: 0, offset: 0, bytes: 0 })
      return model
    },
  }
  for (const [key, type, value] of scalars) model.set(key.replace(/^llama\./, `${architecture}.`), type, value)
  model.set('general.architecture', 'string', architecture)
  model.tensor('token_embd.weight', [width, vocabulary]).tensor('output_norm.weight', [width])
  model.tensor('output.weight', [width, vocabulary])
  for (let layer = 0; layer < TINY.layers; layer++) {
    for (const [name, dims] of layerShapes) model.tensor(`blk.${layer}.${name}`, dims)
  }
  return model
}
