// The small vocabularies in which `bench keys` changes the tokenizer's keys: one of every kind that runs here.

import { CODE_OF_BYTE } from '../../../tokenizer/pieces.ts'
import type { MetadataItem } from '../../forge/gguf-writer.ts'
import { writeGguf } from '../../forge/output-file.ts'
import { vocabularyMetadata } from '../../forge/vocabulary.ts'
import { gemma4Metadata } from '../token-cases.ts'

const PREFIX = 'tokenizer.ggml.'
const CONTROL = 3
const USER_DEFINED = 4

/** What an architecture must say before llama.cpp reads a vocabulary. */
const MODEL: readonly MetadataItem[] = [
  { key: 'general.architecture', type: 'string', value: 'llama' },
  { key: 'llama.context_length', type: 'u32', value: 128 },
  { key: 'llama.embedding_length', type: 'u32', value: 64 },
  { key: 'llama.block_count', type: 'u32', value: 1 },
  { key: 'llama.feed_forward_length', type: 'u32', value: 128 },
  { key: 'llama.attention.head_count', type: 'u32', value: 2 },
  { key: 'llama.attention.layer_norm_rms_epsilon', type: 'f32', value: 1e-5 },
]

/** Tokens that texts may spell, in place of the last ones of a vocabulary. */
const MARKS = [
  ['<|im_start|>', CONTROL],
  ['<|im_end|>', CONTROL],
  ['<mask>', CONTROL],
  ['<tool>', USER_DEFINED],
] as const

function spmMetadata(): MetadataItem[] {
  const first = 512 - MARKS.length
  return vocabularyMetadata(512).map((item) => {
    const put = (column: 0 | 1) =>
      (item.value as readonly (string | number)[]).map((value, id) => MARKS[id - first]?.[column] ?? value)
    if (item.key === `${PREFIX}tokens`) return { ...item, value: put(0) }
    return item.key === `${PREFIX}token_type` ? { ...item, value: put(1) } : item
  })
}

/** In the byte alphabet, best first. */
const MERGES = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'o r', 'Ġw or', 'l d', 'Ġwor ld', 'Ġ Ġ', '1 2', '12 3', 'Ċ Ċ']

function bpeMetadata(): MetadataItem[] {
  const letters = Array.from(CODE_OF_BYTE, (code) => String.fromCharCode(code))
  const words = [...letters, ...MERGES.map((merge) => merge.replace(' ', ''))]
  return [
    { key: `${PREFIX}model`, type: 'string', value: 'gpt2' },
    { key: `${PREFIX}pre`, type: 'string', value: 'gpt-2' },
    { key: `${PREFIX}tokens`, type: 'string', value: [...words, ...MARKS.map(([text]) => text)] },
    { key: `${PREFIX}token_type`, type: 'i32', value: [...words.map(() => 1), ...MARKS.map(([, type]) => type)] },
    { key: `${PREFIX}merges`, type: 'string', value: MERGES },
    { key: `${PREFIX}bos_token_id`, type: 'u32', value: words.length },
    { key: `${PREFIX}eos_token_id`, type: 'u32', value: words.length + 1 },
  ]
}

/** By what the fixtures are called. */
export const VOCABULARIES: Readonly<Record<string, readonly MetadataItem[]>> = {
  spm: [...MODEL, ...spmMetadata()],
  bpe: [...MODEL, ...bpeMetadata()],
  gemma4: [...MODEL, ...gemma4Metadata()],
}

/** Writes the header with `change` in place of what it says of that key; no value takes the key away. */
export function writeVocabulary(
  path: string,
  items: readonly MetadataItem[],
  change?: Pick<MetadataItem, 'key'> & Partial<MetadataItem>,
): void {
  const kept = items.filter(({ key }) => key !== change?.key)
  writeGguf(path, change?.value === undefined ? kept : [...kept, change as MetadataItem], [])
}
