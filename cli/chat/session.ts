// The state of a chat: what was said, and answers to it.
import { TsinferError } from '../../engine/errors.ts'
import type { ChatMessage, ChatOptions, ChatResult, Model, SavedSession, Session } from '../../index.ts'
import { readNote, writeNote } from './note.ts'

/** Where an answer is shown while it is made. */
export interface AnswerView {
  reasoning(text: string): void
  text(text: string): void
}

export class ChatSession {
  readonly model: Model
  readonly #options: ChatOptions
  /** Keeps the conversation in KV cells: a turn evaluates what is new. */
  readonly #session: Session
  /** Without the system message. */
  #turns: ChatMessage[] = []
  #last: ChatResult | undefined
  system: string | undefined

  constructor(model: Model, options: ChatOptions, system: string | undefined) {
    this.model = model
    this.#options = options
    this.#session = model.session()
    this.system = system
  }

  get messages(): readonly ChatMessage[] {
    const { system } = this
    return system === undefined ? this.#turns : [{ role: 'system', content: system }, ...this.#turns]
  }

  /** The last complete answer. */
  get last(): ChatResult | undefined {
    return this.#last
  }

  close(): void {
    this.#session.close()
  }

  reset(): void {
    this.#turns = []
    this.#last = undefined
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
    this.#last = undefined
    return saved
  }

  /**
   * Asks and shows the answer. An answer that is stopped stays in the chat as far as it came; a question that cannot be
   * asked does not.
   */
  async ask(question: string, view: AnswerView, stop: AbortSignal): Promise<ChatResult | 'stopped'> {
    this.#turns.push({ role: 'user', content: question })
    let said = ''
    try {
      const chat = this.model.chat(this.messages, { ...this.#options, session: this.#session, signal: stop })
      for await (const { text, reasoning } of chat) {
        if (reasoning !== '') view.reasoning(reasoning)
        if (text !== '') view.text(text)
        said += text
      }
      const result = await chat.result
      this.#last = result
      this.#turns.push(result.choices[0]!.message)
      return result
    } catch (error) {
      if (stop.aborted && error instanceof TsinferError && error.code === 'aborted') {
        this.#turns.push({ role: 'assistant', content: said })
        return 'stopped'
      }
      this.#turns.pop()
      throw error
    }
  }
}
