// The keys of a whole file that llama.cpp knows (its src/llama-arch.cpp, release v0.5.0) and that are not about texts, and
// what each is set to in turn. Pure.
import type { ScalarType, ScalarValue } from '../../../engine/gguf/metadata.ts'
import type { MetadataItem } from '../../forge/gguf-writer.ts'

/** The recipe in whose model they are changed. */
export const GENERAL_RECIPE = 'llama-biases'

const VALUES: readonly (readonly [key: string, type: ScalarType, values: readonly ScalarValue[]])[] = [
  ['general.alignment', 'u32', [8, 16, 32, 64, 4096, 0, 48]],
  ['general.alignment', 'i32', [32]],
  ['general.type', 'string', ['model', 'adapter', 'mmproj', 'imatrix', 'vocab', 'x', '']],
  ['general.architecture', 'string', ['', 'x', 'LLAMA', 'qwen2', 'clip']],
  ['general.architecture', 'u32', [1]],
  ['general.file_type', 'u32', [0, 1, 7, 1024, 99]],
  ['general.quantization_version', 'u32', [0, 1, 2, 3]],
  ...['name', 'author', 'version', 'url', 'description', 'license', 'source.url', 'source.huggingface.repository'].map(
    (name) => [`general.${name}`, 'string', ['x']] as const,
  ),
  ['general.name', 'u32', [1]],
  ['general.sampling.sequence', 'string', ['k;p;t']],
  ['general.sampling.top_k', 'i32', [1, -1]],
  ['general.sampling.top_p', 'f32', [0.5]],
  ['general.sampling.min_p', 'f32', [0.5]],
  ['general.sampling.temp', 'f32', [0, 5]],
  ['general.sampling.xtc_probability', 'f32', [0.5]],
  ['general.sampling.xtc_threshold', 'f32', [0.5]],
  ['general.sampling.penalty_last_n', 'i32', [8, -1]],
  ['general.sampling.penalty_repeat', 'f32', [1.5]],
  ['general.sampling.mirostat', 'i32', [2]],
  ['general.sampling.mirostat_tau', 'f32', [2]],
  ['general.sampling.mirostat_eta', 'f32', [0.5]],
  ['split.no', 'u16', [0, 1]],
  ['split.count', 'u16', [0, 1, 2]],
  ['split.tensors.count', 'i32', [3]],
  ['adapter.type', 'string', ['lora']],
  ['adapter.lora.alpha', 'f32', [2]],
  ['adapter.lora.task_name', 'string', ['x']],
  ['adapter.lora.prompt_prefix', 'string', ['x']],
]

/** A change of a model's file, and how it is called in what is recorded. */
export interface NamedItem {
  readonly name: string
  readonly item: MetadataItem
}

export const generalChanges = (): NamedItem[] =>
  VALUES.flatMap(([key, type, values]) =>
    values.map((value) => ({ name: `${key} = ${JSON.stringify(value)} (${type})`, item: { key, type, value } })),
  )
