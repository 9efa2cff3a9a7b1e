// The text threads, which hold a model's vocabulary and template. One is there as long as the model is. A long text, and a
// template that takes long, gets a second one, started for it and ended after it, so that it never stands in front of a
// short one.
import {
  defaultsOf,
  type GgufFile,
  readOptions,
  type TextOptions,
  TOKENIZE,
  type TokenizeOptions,
} from '../engine/index.ts'
import type { ChatRequest } from '../tokenizer/chat-prompt.ts'
import { STEPS_MAX } from '../tokenizer/jinja/budget.ts'
import type { PromptedChat, TextAnswer, TextFacts, TextQuestion } from '../tokenizer/text-messages.ts'
import type { TextWorkerPayload } from '../tokenizer/text-worker.ts'
import type { EncodeOptions } from '../tokenizer/tokenizer.ts'
import { startTaskWorker, type TaskNews, TaskQueue, type TaskWorker } from './task-queue.ts'

/** Characters of a text that is short: some 30,000 tokens, which take the tokenizer less than 0.1 s. */
const SHORT_CHARACTERS = 1 << 17
/** Steps of a rendering that is short: less than 0.1 s, and a conversation of hundreds of messages. */
const SHORT_STEPS = STEPS_MAX / 16

type TextQueue = TaskQueue<TextQuestion, TextAnswer, TextFacts>

export class TextThread {
  /** What the thread says once it has read the vocabulary; rejects with its error where it cannot. */
  readonly ready: Promise<TextFacts>
  readonly #short: TextQueue
  readonly #long: TextQueue

  /** `tokenizerPre` takes the place of the file's pre-tokenizer; `onNotice` as in `LoadOptions`. */
  constructor(file: GgufFile, { tokenizerPre, onNotice = () => {} }: TextOptions) {
    // Notices are about the model or its use, so each is said once.
    const said = new Set<string>()
    const news: Omit<TaskNews<TextFacts>, 'onReady' | 'onUnready'> = {
      onNotice(notice) {
        if (said.has(notice)) return
        said.add(notice)
        onNotice(notice)
      },
    }
    const start = (charactersMax: number, stepsMax: number) =>
      startWorker({
        file: file.shards[0]!,
        charactersMax,
        stepsMax,
        ...(tokenizerPre !== undefined && { tokenizerPre }),
      })
    let settle: Pick<TaskNews<TextFacts>, 'onReady' | 'onUnready'> = { onReady() {}, onUnready() {} }
    this.ready = new Promise((resolve, reject) => {
      settle = { onReady: resolve, onUnready: reject }
    })
    // Whoever waits for it sees the error; nobody has to.
    this.ready.catch(() => {})
    this.#short = new TaskQueue(() => start(SHORT_CHARACTERS, SHORT_STEPS), 'always', { ...news, ...settle })
    this.#long = new TaskQueue(() => start(Number.POSITIVE_INFINITY, STEPS_MAX), 'while used', {
      ...news,
      onReady() {},
      onUnready() {},
    })
  }

  /** Ids of `text`. Rejects like `TaskQueue.ask`. */
  async encode(text: string, options: EncodeOptions, signal?: AbortSignal): Promise<Int32Array> {
    return (await this.#ask({ kind: 'encode', text, options }, text.length, signal)).ids
  }

  /** The prompt of a conversation. Rejects like `TaskQueue.ask`, and with what `ChatPrompter` throws. */
  prompt(request: ChatRequest, signal?: AbortSignal): Promise<PromptedChat> {
    return this.#ask({ kind: 'chat', request }, charactersOf(request), signal)
  }

  async #ask(question: TextQuestion, characters: number, signal: AbortSignal | undefined): Promise<PromptedChat> {
    if (characters <= SHORT_CHARACTERS) {
      const answer = await this.#short.ask(question, signal)
      if (answer.kind !== 'long') return answer
    }
    const answer = await this.#long.ask(question, signal)
    if (answer.kind === 'long') throw new Error('tsinfer bug: a text is too long for the thread of long ones')
    return answer
  }

  /** Rejects all requests with `closed`, at once; resolves when the threads have ended. */
  async close(): Promise<void> {
    await Promise.all([this.#short.close(), this.#long.close()])
  }
}

function startWorker(payload: Omit<TextWorkerPayload, 'port'>): TaskWorker {
  return startTaskWorker('text worker', new URL('../tokenizer/text-worker.js', import.meta.url), payload)
}

/** Of the texts of a conversation, as far as they are where they belong. */
function charactersOf({ messages, template }: ChatRequest): number {
  let sum = template?.length ?? 0
  if (!Array.isArray(messages)) return sum
  for (const message of messages) {
    const content: unknown = message?.content
    for (const part of Array.isArray(content) ? content : [content]) {
      const text: unknown = part?.text ?? part
      if (typeof text === 'string') sum += text.length
    }
  }
  return sum
}

/** How to encode, and what ends it early: what was given, and defaults. Throws `option_invalid`. */
export function readTokenizeOptions(options?: TokenizeOptions) {
  return { ...defaultsOf(TOKENIZE), ...readOptions(TOKENIZE, options) }
}
