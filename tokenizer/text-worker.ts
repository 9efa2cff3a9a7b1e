// The resident text thread: reads the vocabulary out of the model file, shares the byte tables with the caller, and
// turns texts and conversations into ids, so that neither blocks the caller.
import type { MessagePort } from 'node:worker_threads'
import { TsinferError } from '../engine/errors.ts'
import { openGguf } from '../engine/gguf/file.ts'
import { ChatPrompter } from './chat-prompt.ts'
import { metadataOf } from './gguf-metadata.ts'
import type { FromTextWorker, ToTextWorker } from './text-messages.ts'
import { specialTokens } from './token-attributes.ts'
import { createTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

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
  const onNotice = (notice: string) => post({ kind: 'notice', notice })
  let vocabulary: Vocabulary
  let tokenizer: Tokenizer
  let prompter: ChatPrompter
  try {
    const metadata = metadataOf(openGguf(path))
    prompter = new ChatPrompter(metadata)
    vocabulary = readVocabulary(metadata, tokenizerPre)
    tokenizer = createTokenizer(vocabulary)
  } catch (error) {
    const fault = faultOf(error)
    post({ kind: 'failed', ...fault })
    port.close()
    return fault
  }
  const { table, ids, endOfGeneration, addBos, addEos, attributes } = vocabulary
  const specials = specialTokens(attributes)
  const encode = (text: string, options: EncodeOptions): Int32Array<ArrayBuffer> => {
    const encoded = Int32Array.from(tokenizer.encode(text, options))
    if (beginsTwice(encoded, vocabulary)) onNotice(TWO_BOS)
    return encoded
  }
  await new Promise<void>((resolve) => {
    port.on('close', resolve)
    port.on('message', (message: ToTextWorker) => {
      if (message.kind === 'close') {
        port.close()
        return
      }
      try {
        const { id } = message
        if (message.kind === 'encode') {
          const ids = encode(message.text, message.options)
          post({ kind: 'encoded', id, ids }, [ids.buffer])
        } else {
          const { text, hasBos } = prompter.prompt(message.request)
          const ids = encode(text, { addBos: !hasBos, parseSpecial: true })
          post({ kind: 'prompted', id, ids, text }, [ids.buffer])
        }
      } catch (error) {
        post({ kind: 'refused', id: message.id, ...faultOf(error) })
      }
    })
    post({ kind: 'ready', facts: { table, ids, endOfGeneration, addBos, addEos, specials } })
  })
  return undefined
}

const TWO_BOS =
  'the prompt begins with two BOS tokens: the model wants one, and the text (or its chat template) has one of its own'

/** As llama.cpp, which leaves both and warns: a text may mean it. Chat templates that write one get no second. */
const beginsTwice = (encoded: Int32Array, { ids: { bos } }: Vocabulary): boolean =>
  bos !== undefined && encoded[0] === bos && encoded[1] === bos

/** Codes survive the way to another thread, error objects do not. */
function faultOf(error: unknown): Fault {
  if (error instanceof TsinferError) return { code: error.code, message: error.message }
  return { code: 'thread_died', message: `text worker: ${error instanceof Error ? error.message : String(error)}` }
}
