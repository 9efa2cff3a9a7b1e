// A chat in a terminal: reads messages and commands, writes answers.
import { type ErrorCode, isInputError, TsinferError } from '../../engine/errors.ts'
import { printable } from '../../engine/quoted.ts'
import type { ChatOptions, ChatResult, Model } from '../../index.ts'
import { listing, snakeKeys } from '../shell/figures.ts'
import { completeCommand, runChatCommand } from './commands.ts'
import type { Terminal } from './keyboard.ts'
import { MessageReader } from './message-reader.ts'
import { type AnswerView, ChatSession } from './session.ts'
import { TerminalView } from './terminal-view.ts'

/** Errors of one answer, beside those of its input. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set(['logits_nan', 'logits_infinite', 'out_of_memory'])

export interface ChatSettings {
  readonly options: ChatOptions
  readonly system: string | undefined
  /** Figures after every answer. */
  readonly stats: boolean
  /** Answers as they are, with what steers the terminal. */
  readonly raw: boolean
}

type Ask = (view: AnswerView, stop: AbortSignal) => Promise<ChatResult | 'stopped'>

/** A chat with a user; everything goes to the terminal. */
export class TerminalChat {
  readonly #model: Model
  readonly #settings: ChatSettings
  readonly #terminal: Terminal
  readonly #session: ChatSession
  readonly #reader: MessageReader

  constructor(model: Model, settings: ChatSettings, terminal: Terminal) {
    this.#model = model
    this.#settings = settings
    this.#terminal = terminal
    this.#session = new ChatSession(model, settings.options, settings.system)
    this.#reader = new MessageReader(terminal, completeCommand)
  }

  /** Chats until the user leaves, the input ends or `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    const leave = () => this.#reader.close()
    signal.addEventListener('abort', leave, { once: true })
    const { info } = this.#model
    this.#terminal.output.write(`${printable(info.name ?? info.path)}, ${info.plan.text}; /help lists the commands\n`)
    try {
      for (;;) {
        const message = await this.#reader.read()
        if (message === undefined) return
        if (message.trim() !== '' && (await this.#handle(message, signal)) === 'exit') return
      }
    } finally {
      signal.removeEventListener('abort', leave)
      this.#session.close()
      this.#reader.close()
    }
  }

  async #handle(message: string, signal: AbortSignal): Promise<'exit' | 'goes on'> {
    const session = this.#session
    if (!message.startsWith('/') || message.startsWith('//')) {
      await this.#answer((view, stop) => session.ask(message.replace(/^\/\//, '/'), view, stop), signal)
      return 'goes on'
    }
    const outcome = await caught(() => runChatCommand(session, message))
    if (outcome === 'exit') return 'exit'
    if (outcome === 'regenerate') await this.#answer((view, stop) => session.regenerate(view, stop), signal)
    else this.#terminal.output.write(outcome.text)
    return 'goes on'
  }

  async #answer(ask: Ask, signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    this.#reader.onInterrupt = () => stop.abort()
    const { output } = this.#terminal
    const view = new TerminalView(this.#terminal, this.#settings.raw)
    try {
      const ended = await caught(() => ask(view, AbortSignal.any([stop.signal, signal])))
      view.end()
      if (ended === 'stopped') output.write('(stopped)\n')
      else if ('text' in ended) output.write(ended.text)
      else output.write(remarks(ended, this.#session, this.#settings.stats))
    } finally {
      this.#reader.onInterrupt = () => {}
    }
  }
}

/** What is said about an answer after it. */
function remarks({ choices, stats }: ChatResult, { options, figures }: ChatSession, hasStats: boolean): string {
  const { maxTokens } = options
  const [{ finishReason, ids }] = choices as [ChatResult['choices'][0]]
  const isCut = ids.length >= (maxTokens ?? Number.POSITIVE_INFINITY)
  const why = isCut ? `cut off after ${maxTokens} tokens` : 'the context is full; /clear makes room'
  const sentences = (figures?.sentences ?? []).map((sentence) => `${sentence}\n`)
  const told = hasStats ? [listing(snakeKeys(stats)), ...sentences] : []
  return [...(finishReason === 'length' ? [`(${why})\n`] : []), ...told].join('')
}

/** A chat goes on after what can go wrong with a message or a file. */
async function caught<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | { readonly text: string }> {
  try {
    return await work()
  } catch (error) {
    const isHarmless = isInputError(error) || (error instanceof TsinferError && HARMLESS.has(error.code))
    if (isHarmless) return { text: `tsinfer: ${printable((error as TsinferError).message)}\n` }
    throw error
  }
}
