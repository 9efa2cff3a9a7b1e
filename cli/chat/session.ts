// The state of a chat: what was said, and answers to it.
import { TsinferError } from '../../engine/errors.ts'
import type { ChatMessage, ChatOptions, ChatResult, Model, SavedSession, Session } from '../../index.ts'
import { snakeKeys } from '../shell/figures.ts'
import { answersOf } from '../shell/stats-answers.ts'
import { readNote, writeNote } from './note.ts'

/** Where an answer is shown while it is made. */
export interface AnswerView {
  reasoning(text: string): void
  text(text: string): void
}

/** What is known of an answer, as it is printed. */
export interface AnswerFigures {
  readonly figures: Readonly<Record<string, unknown>>
  /** What they mean; none of an answer that was stopped. */
  readonly sentences: readonly string[]
}

/** Seeds are 32-bit numbers. */
const SEEDS = 2 ** 32

export class ChatSession {
  readonly model: Model
  /** Of the next answers. */
  options: ChatOptions
  /** Keeps the conversation in KV cells: a turn evaluates what is new. */
  readonly #session: Session
  /** Without the system message. */
  #turns: ChatMessage[] = []
  #figures: AnswerFigures | undefined
  /** How often the last message was answered again. */
  #regenerations = 0
  system: string | undefined

  constructor(model: Model, options: ChatOptions, system: string | undefined) {
    this.model = model
    this.options = options
    this.#session = model.session()
    this.system = system
  }

  get messages(): readonly ChatMessage[] {
    return this.#withSystem(this.#turns)
  }

  /** Figures of the last answer, of a stopped one what is known of it. */
  get figures(): AnswerFigures | undefined {
    return this.#figures
  }

  close(): void {
    this.#session.close()
  }

  clear(): void {
    this.#turns = []
    this.#figures = undefined
  }

  /** Writes the messages and the KV cells of what has been evaluated. Rejects as `Session.save` does. */
  save(path: string): Promise<SavedSession> {
    return this.#session.save(path, writeNote(this.messages))
  }

  /** Goes on from a saved chat. Rejects as `Session.load` does; the chat is then as it was. */
  async load(path: string): Promise<SavedSession> {
    const saved = await this.#session.load(path)
    const messages = readNote(path, saved.note)
    const [first] = messages
    const hasSystem = first?.role === 'system'
    this.system = hasSystem ? String(first.content) : undefined
    this.#turns = messages.slice(hasSystem ? 1 : 0)
    this.#figures = undefined
    return saved
  }

  /**
   * Asks and shows the answer. An answer that is stopped stays in the chat as far as it came; a question that cannot be
   * asked does not.
   */
  ask(question: string, view: AnswerView, stop: AbortSignal): Promise<ChatResult | 'stopped'> {
    this.#regenerations = 0
    return this.#answer([...this.#turns, { role: 'user', content: question }], this.options, view, stop)
  }

  /**
   * Answers the last message again, with another seed where one is fixed: the same one would write the same. The answer
   * there was is forgotten once this one is there. Rejects with `prompt_invalid` where nothing was asked yet.
   */
  async regenerate(view: AnswerView, stop: AbortSignal): Promise<ChatResult | 'stopped'> {
    const asked = this.#turns.findLastIndex(({ role }) => role === 'user')
    if (asked < 0) throw new TsinferError('prompt_invalid', '/regen: expected a message to answer, found none')
    const { seed } = this.options
    const again = seed === undefined ? {} : { seed: (seed + ++this.#regenerations) % SEEDS }
    return this.#answer(this.#turns.slice(0, asked + 1), { ...this.options, ...again }, view, stop)
  }

  #withSystem(turns: readonly ChatMessage[]): readonly ChatMessage[] {
    return this.system === undefined ? turns : [{ role: 'system', content: this.system }, ...turns]
  }

  /** Answers `turns`, which become those of the chat unless they cannot be asked. */
  async #answer(
    turns: readonly ChatMessage[],
    options: ChatOptions,
    view: AnswerView,
    stop: AbortSignal,
  ): Promise<ChatResult | 'stopped'> {
    const progress = new AnswerProgress()
    try {
      const chat = this.model.chat(this.#withSystem(turns), { ...options, session: this.#session, signal: stop })
      for await (const { text, reasoning } of chat) {
        progress.add(text)
        if (reasoning !== '') view.reasoning(reasoning)
        if (text !== '') view.text(text)
      }
      const result = await chat.result
      this.#figures = figuresOf(result, this.model.info.loadMs)
      this.#turns = [...turns, result.choices[0]!.message]
      return result
    } catch (error) {
      if (!(stop.aborted && error instanceof TsinferError && error.code === 'aborted')) throw error
      this.#figures = progress.figures()
      this.#turns = [...turns, { role: 'assistant', content: progress.text }]
      return 'stopped'
    }
  }
}

const figuresOf = ({ promptIds, choices, seed, stats }: ChatResult, loadMs: number): AnswerFigures => ({
  figures: {
    context_used: promptIds.length + choices[0]!.ids.length,
    finish_reason: choices[0]!.finishReason,
    seed,
    ...snakeKeys(stats),
  },
  sentences: answersOf(loadMs, stats),
})

/** What is known of an answer that may be stopped. */
class AnswerProgress {
  readonly #startedMs = performance.now()
  #firstMs = 0
  #lastMs = 0
  #tokens = 0
  text = ''

  add(text: string): void {
    this.text += text
    this.#lastMs = performance.now()
    if (this.#tokens++ === 0) this.#firstMs = this.#lastMs
  }

  figures(): AnswerFigures {
    const decodeMs = this.#lastMs - this.#firstMs
    const figures = {
      finish_reason: 'stopped',
      tokens: this.#tokens,
      ttft_ms: this.#tokens > 0 ? this.#firstMs - this.#startedMs : null,
      decode_ms: decodeMs,
      tok_s: decodeMs > 0 ? ((this.#tokens - 1) * 1000) / decodeMs : null,
    }
    return { figures, sentences: [] }
  }
}
