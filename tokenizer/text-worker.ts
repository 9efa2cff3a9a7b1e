// A resident text thread: reads the vocabulary out of the model file, shares the byte tables with the caller, and turns
// texts and conversations into ids, so that neither blocks the caller.
import type { MessagePort } from 'node:worker_threads'
import { TsinferError } from '../engine/errors.ts'
import { openGguf } from '../engine/gguf/file.ts'
import { reopenFile } from '../engine/gguf/file-source.ts'
import type { FileIdentity } from '../engine/gguf/source.ts'
import { type ChatPrompt, ChatPrompter, type ChatRequest } from './chat-prompt.ts'
import { metadataOf } from './gguf-metadata.ts'
import { Budget, STEPS_MAX } from './jinja/budget.ts'
import type { FromTextWorker, TextAnswer, TextQuestion } from './text-messages.ts'
import { specialTokens } from './token-attributes.ts'
import { createTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

export interface TextWorkerPayload {
  /** The GGUF file as it was when the model's header was read; any shard of a split one. */
  readonly file: FileIdentity
  /** Takes the place of the pre-tokenizer that the file names. */
  readonly tokenizerPre?: string
  /** Most characters of a chat's prompt, and steps to render it; one that takes more is answered with `long`. */
  readonly charactersMax: number
  readonly stepsMax: number
  readonly port: MessagePort
}

/** Why a thread or a task gave up. */
type Fault = Pick<TsinferError, 'code' | 'message'>

/** Returns nothing when the port closes, and a fault where the vocabulary cannot be used. */
export default async function runTextWorker(payload: TextWorkerPayload): Promise<Fault | undefined> {
  const { port } = payload
  const post = (message: FromTextWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const onNotice = (notice: string) => post({ kind: 'notice', notice })
  let work: TextAnswers
  try {
    work = new TextAnswers(payload, onNotice)
  } catch (error) {
    port.close()
    if (error instanceof TsinferError) return { code: error.code, message: error.message }
    return { code: 'thread_died', message: `text worker: ${described(error)}` }
  }
  const { table, ids, endOfGeneration, suppressed, addBos, addEos, attributes } = work.vocabulary
  await new Promise<void>((resolve) => {
    port.on('close', resolve)
    port.on('message', (question: TextQuestion) => {
      try {
        const answer = work.answer(question)
        post(answer, answer.kind === 'long' ? [] : [answer.ids.buffer as ArrayBuffer])
      } catch (error) {
        post({ kind: 'refused', ...faultOf(error, question) })
      }
    })
    const specials = specialTokens(attributes)
    post({ kind: 'ready', facts: { table, ids, endOfGeneration, suppressed, addBos, addEos, specials } })
  })
  return undefined
}

class TextAnswers {
  readonly vocabulary: Vocabulary
  readonly #tokenizer: Tokenizer
  readonly #prompter: ChatPrompter
  readonly #charactersMax: number
  readonly #stepsMax: number
  readonly #onNotice: (notice: string) => void

  constructor({ file, tokenizerPre, charactersMax, stepsMax }: TextWorkerPayload, onNotice: (notice: string) => void) {
    reopenFile(file).close()
    const metadata = metadataOf(openGguf(file.path))
    this.vocabulary = readVocabulary(metadata, tokenizerPre)
    this.#tokenizer = createTokenizer(this.vocabulary)
    this.#prompter = new ChatPrompter(metadata, this.#tokenizer.controls, onNotice)
    this.#charactersMax = charactersMax
    this.#stepsMax = stepsMax
    this.#onNotice = onNotice
    for (const notice of this.vocabulary.notices) onNotice(notice)
  }

  answer(question: TextQuestion): TextAnswer {
    if (question.kind === 'encode') {
      return { kind: 'prompted', text: '', template: '', ids: this.#encode(question.text, question.options) }
    }
    const prompted = this.#prompt(question.request)
    if (prompted === 'long' || prompted.text.length > this.#charactersMax) return { kind: 'long' }
    const { text, template, marked, hasBos } = prompted
    const options = { addBos: !hasBos, parseSpecial: true, ...(marked && { standIns: marked.standIns }) }
    return { kind: 'prompted', text, template, ids: this.#encode(marked?.text ?? text, options) }
  }

  /** A rendering that is given up here has the steps of all renderings where long texts go. */
  #prompt(request: ChatRequest): ChatPrompt | 'long' {
    const budget = new Budget(this.#stepsMax)
    try {
      return this.#prompter.prompt(request, budget)
    } catch (error) {
      if (budget.isExhausted && this.#stepsMax < STEPS_MAX) return 'long'
      throw error
    }
  }

  #encode(text: string, options: EncodeOptions): Int32Array {
    const encoded = Int32Array.from(this.#tokenizer.encode(text, options))
    if (beginsTwice(encoded, this.vocabulary)) this.#onNotice(TWO_BOS)
    return encoded
  }
}

const TWO_BOS =
  'the prompt begins with two BOS tokens: the model wants one, and the text (or its chat template) has one of its own'

/** As llama.cpp, which leaves both and warns: a text may mean it. Chat templates that write one get no second. */
const beginsTwice = (encoded: Int32Array, { ids: { bos } }: Vocabulary): boolean =>
  bos !== undefined && encoded[0] === bos && encoded[1] === bos

/** Codes survive the way to another thread, error objects do not. A task that fails is no death of its thread. */
function faultOf(error: unknown, question: TextQuestion): Fault {
  if (error instanceof TsinferError) return { code: error.code, message: error.message }
  const what = question.kind === 'chat' ? 'prompting a chat' : `encoding ${question.text.length} characters`
  return { code: 'request_failed', message: `${what}: ${described(error)}` }
}

const described = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)
