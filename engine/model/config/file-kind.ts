// What a GGUF file is that holds no model to run. Facts follow gguf-py's GGUFType and the programs of llama.cpp that write
// such files; older ones say nothing of their kind but by the names in them. Pure.
import type { GgufFile } from '../../gguf/file.ts'
import type { Metadata } from '../../gguf/metadata.ts'

interface FileKind {
  /** Values of general.type. */
  readonly types: readonly string[]
  /** Values of general.architecture that only such files have. */
  readonly architectures: readonly string[]
  /** Metadata keys that only such files have. */
  readonly keys: RegExp
  /** What all their tensors are called. */
  readonly tensors: RegExp
  readonly what: string
}

const NOTHING = /^$/

const KINDS: readonly FileKind[] = [
  {
    types: ['adapter'],
    architectures: [],
    keys: /^adapter\./,
    tensors: /\.lora_[ab]$/,
    what: 'a LoRA adapter: it changes a model and does not run alone',
  },
  {
    types: ['mmproj', 'projector', 'clip'],
    architectures: ['clip', 'mmproj'],
    keys: /^clip\./,
    tensors: /^(v|a|mm|resampler)\./,
    what: 'a projector (mmproj): it turns pictures or sound into input of a model and does not run alone',
  },
  {
    types: ['imatrix'],
    architectures: ['imatrix'],
    keys: /^imatrix\./,
    tensors: /\.(in_sum2|counts)$/,
    what: 'importance data (imatrix): a quantizer reads it',
  },
  {
    types: ['controlvector', 'control_vector'],
    architectures: ['controlvector'],
    keys: /^controlvector\./,
    tensors: /^direction\.\d+$/,
    what: 'a control vector: it steers a model and does not run alone',
  },
  {
    types: ['vocab'],
    architectures: [],
    keys: NOTHING,
    tensors: NOTHING,
    what: 'a vocabulary: it has no weights',
  },
]

/** In words, what the file is if it is no model; undefined for a model and for what nothing is known of. */
export function foreignKind({ metadata, tensors }: Pick<GgufFile, 'metadata' | 'tensors'>): string | undefined {
  const type = textOf(metadata, 'general.type')
  const said = KINDS.find(({ types }) => type !== undefined && types.includes(type.toLowerCase()))
  if (said) return said.what
  // A model may carry keys of what was done to it.
  if (tensors.has('token_embd.weight')) return undefined
  const names = [...tensors.keys()]
  if (names.length === 0) return metadata.has('tokenizer.ggml.tokens') ? KINDS.at(-1)!.what : undefined
  const architecture = textOf(metadata, 'general.architecture')
  return KINDS.find(
    ({ architectures, keys, tensors: pattern }) =>
      (architecture !== undefined && architectures.includes(architecture)) ||
      [...metadata.keys()].some((key) => keys.test(key)) ||
      names.every((name) => pattern.test(name)),
  )?.what
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const entry = metadata.get(key)
  return entry?.kind === 'scalar' && typeof entry.value === 'string' ? entry.value : undefined
}
