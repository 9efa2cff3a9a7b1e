// The resident text thread: reads the vocabulary out of the model file, shares the byte tables with the caller, and
// turns texts into ids, so that neither blocks the caller. The one file of tokenizer/ that knows how a GGUF file is
// read.
import type { MessagePort } from 'node:worker_threads'
import { TsinferError } from '../engine/errors.ts'
import { readNumbers, readStringTable } from '../engine/gguf/arrays.ts'
import { type GgufFile, openGguf } from '../engine/gguf/file.ts'
import { findBoolean, findInteger, findString } from '../engine/gguf/metadata.ts'
import { packRanges } from './byte-strings.ts'
import type { FromTextWorker, ToTextWorker } from './text-messages.ts'
import { createTokenizer, type Tokenizer } from './tokenizer.ts'
import { readVocabulary, type TokenizerMetadata, type Vocabulary } from './vocabulary.ts'

export interface TextWorkerPayload {
  /** The GGUF file; any shard of a split one. */
  readonly path: string
  /** Takes the place of the pre-tokenizer that the file names. */
  readonly tokenizerPre?: string
  readonly port: MessagePort
}

/** Why the thread gave up, in the form in which every resident thread says it. */
type Fault = Pick<TsinferError, 'code' | 'message'>

/**
 * Returns nothing when told to close or when the port closes; a fault, which the port has been told too, where the
 * vocabulary cannot be used.
 */
export default async function runTextWorker({
  path,
  tokenizerPre,
  port,
}: TextWorkerPayload): Promise<Fault | undefined> {
  const post = (message: FromTextWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  let vocabulary: Vocabulary
  let tokenizer: Tokenizer
  try {
    vocabulary = readVocabulary(metadataOf(openGguf(path)), tokenizerPre)
    tokenizer = createTokenizer(vocabulary)
  } catch (error) {
    const fault = faultOf(error)
    post({ kind: 'failed', ...fault })
    port.close()
    return fault
  }
  const { table, ids, endOfGeneration, addBos, addEos } = vocabulary
  await new Promise<void>((resolve) => {
    port.on('close', resolve)
    port.on('message', (message: ToTextWorker) => {
      if (message.kind === 'close') {
        port.close()
        return
      }
      try {
        const encoded = Int32Array.from(tokenizer.encode(message.text, message.options))
        post({ kind: 'encoded', id: message.id, ids: encoded }, [encoded.buffer])
      } catch (error) {
        post({ kind: 'refused', id: message.id, ...faultOf(error) })
      }
    })
    post({ kind: 'ready', facts: { table, ids, endOfGeneration, addBos, addEos } })
  })
  return undefined
}

/** The tokenizer's view of a model file. Wrong types of a key are errors of the tokenizer. */
export function metadataOf(file: GgufFile): TokenizerMetadata {
  const { metadata } = file
  return {
    string: (key) => asTokenizerFault(() => findString(metadata, key)),
    integer: (key) => asTokenizerFault(() => findInteger(metadata, key)),
    boolean: (key) => asTokenizerFault(() => findBoolean(metadata, key)),
    strings: (key) => {
      const table = asTokenizerFault(() => readStringTable(file, key))
      return table && packRanges(table.bytes, table.begins, table.ends)
    },
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

/** Codes survive the way to another thread, error objects do not. */
function faultOf(error: unknown): Fault {
  if (error instanceof TsinferError) return { code: error.code, message: error.message }
  return { code: 'thread_died', message: `text worker: ${error instanceof Error ? error.message : String(error)}` }
}
