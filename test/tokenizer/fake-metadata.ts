// Tokenizer metadata out of plain values, for vocabularies that tests make up; and the real thing from a file.
import { openGguf } from '../../engine/gguf/file.ts'
import type { ByteStrings } from '../../tokenizer/byte-strings.ts'
import { metadataOf } from '../../tokenizer/gguf-metadata.ts'
import { readVocabulary, type TokenizerMetadata, type Vocabulary } from '../../tokenizer/vocabulary.ts'

export type FakeValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | readonly (string | Uint8Array)[]

/** Keys without `tokenizer.ggml.`, except those with a dot. */
export function fakeMetadata(values: Readonly<Record<string, FakeValue>>): TokenizerMetadata {
  const of = (key: string) => values[key] ?? values[key.replace(/^tokenizer\.ggml\./, '')]
  return {
    string: (key) => of(key) as string | undefined,
    integer: (key) => of(key) as number | undefined,
    boolean: (key) => of(key) as boolean | undefined,
    strings: (key) => {
      const strings = of(key) as readonly (string | Uint8Array)[] | undefined
      return strings && pack(strings)
    },
    numbers: (key) => of(key) as readonly number[] | undefined,
  }
}

export function fakeVocabulary(values: Readonly<Record<string, FakeValue>>, pre?: string): Vocabulary {
  return readVocabulary(fakeMetadata(values), pre)
}

export function vocabularyOfFile(path: string, pre?: string): Vocabulary {
  return readVocabulary(metadataOf(openGguf(path)), pre)
}

export function pack(strings: readonly (string | Uint8Array)[]): ByteStrings {
  const parts = strings.map((string) => (typeof string === 'string' ? new TextEncoder().encode(string) : string))
  const offsets = new Uint32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length
  return { bytes: Uint8Array.from(parts.flatMap((part) => [...part])), offsets }
}

/** Byte tokens of a SentencePiece vocabulary, `<0x00>` to `<0xFF>`. */
export const BYTE_TOKENS: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
)
