// The tokenizer's view of a model file: the one place of tokenizer/ that knows how a GGUF file is read.
import { TsinferError } from '../engine/errors.ts'
import { readNumbers, readStringTable } from '../engine/gguf/arrays.ts'
import type { GgufFile } from '../engine/gguf/file.ts'
import { findBoolean, findInteger, findString } from '../engine/gguf/metadata.ts'
import type { ByteStrings } from './byte-strings.ts'
import type { TokenizerMetadata } from './vocabulary.ts'

/** Wrong types of a key are errors of the tokenizer. */
export function metadataOf(file: GgufFile): TokenizerMetadata {
  const { metadata } = file
  // Vocabulary and template both look at the tokens, which may be most of a file.
  const tables = new Map<string, ByteStrings | undefined>()
  const tableOf = (key: string) => {
    if (!tables.has(key)) tables.set(key, readStringTable(file, key))
    return tables.get(key)
  }
  return {
    string: (key) => asTokenizerFault(() => findString(metadata, key)),
    integer: (key) => asTokenizerFault(() => findInteger(metadata, key)),
    boolean: (key) => asTokenizerFault(() => findBoolean(metadata, key)),
    strings: (key) => asTokenizerFault(() => tableOf(key)),
    numbers: (key) => asTokenizerFault(() => readNumbers(file, key)),
  }
}

function asTokenizerFault<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof TsinferError && error.code === 'model_invalid') {
      throw new TsinferError('tokenizer_invalid', error.message, { cause: error })
    }
    throw error
  }
}
