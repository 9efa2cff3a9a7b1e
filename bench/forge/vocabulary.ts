// The vocabulary of forged models: that of stories260K, so that they read and write text, filled up to any size.
import { fileURLToPath } from 'node:url'
import { readNumbers, readStrings } from '../../engine/gguf/arrays.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import type { MetadataItem } from './gguf-writer.ts'

export const EMBEDDED_MODEL = fileURLToPath(new URL('../../../cli/models/stories260K.gguf', import.meta.url))
const NORMAL_TOKEN = 1

/** The tokenizer's keys for `words` tokens, at least the 512 of stories260K; the rest are words that no text makes. */
export function vocabularyMetadata(words: number): MetadataItem[] {
  const file = openGguf(EMBEDDED_MODEL)
  const tokens = readStrings(file, 'tokenizer.ggml.tokens')!
  const scores = [...readNumbers(file, 'tokenizer.ggml.scores')!]
  const types = [...readNumbers(file, 'tokenizer.ggml.token_type')!]
  const least = scores.reduce((found, score) => Math.min(found, score), 0)
  for (let i = tokens.length; i < words; i++) {
    tokens.push(`\u2581filler${i}`)
    scores.push(least - i)
    types.push(NORMAL_TOKEN)
  }
  return [
    { key: 'tokenizer.ggml.model', type: 'string', value: 'llama' },
    { key: 'tokenizer.ggml.tokens', type: 'string', value: tokens },
    { key: 'tokenizer.ggml.scores', type: 'f32', value: scores },
    { key: 'tokenizer.ggml.token_type', type: 'i32', value: types },
    { key: 'tokenizer.ggml.bos_token_id', type: 'u32', value: 1 },
    { key: 'tokenizer.ggml.eos_token_id', type: 'u32', value: 2 },
    { key: 'tokenizer.ggml.unknown_token_id', type: 'u32', value: 0 },
  ]
}
