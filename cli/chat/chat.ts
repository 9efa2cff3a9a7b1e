// A chat in a terminal: reads messages and commands, writes answers.
import { type ErrorCode, isInputError, TsinferError } from '../../engine/errors.ts'
import type { ChatOptions, ChatResult, Model } from '../../index.ts'
import { listing, snakeKeys } from '../figures.ts'
import { runChatCommand } from './commands.ts'
import { MessageReader, type Terminal } from './message-reader.ts'
import { type AnswerView, ChatSession } from './session.ts'

/** Errors of one answer, beside those of its input. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set(['logits_nan', 'out_of_memory'])
const DIM = '\u001b[2m'
const NORMAL = '\u001b[22m'

export interface ChatSettings {
  readonly options: ChatOptions
  readonly system: string | undefined
  /** Figures after every answer. */
  readonly stats: boolean
}

/** Chats until the user leaves, the input ends or `signal` fires. Everything goes to the terminal. */
export async function runChat(
  model: Model,
  settings: ChatSettings,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const session = new ChatSession(model, settings.options, settings.system)
  const reader = new MessageReader(terminal)
  const leave = () => reader.close()
  signal.addEventListener('abort', leave, { once: true })
  terminal.output.write(`${model.info.name ?? model.info.path}, ${model.info.plan.text}; /help lists the commands\n`)
  try {
    for (;;) {
      const message = await reader.read()
      if (message === undefined) return
      if (message.trim() === '') continue
      if (message.startsWith('/') && !message.startsWith('//')) {
        const outcome = await caught(() => runChatCommand(session, message))
        if (outcome === 'exit') return
        terminal.output.write(outcome)
      } else await answer(session, message.replace(/^\/\//, '/'), settings, reader, terminal, signal)
    }
  } finally {
    signal.removeEventListener('abort', leave)
    session.close()
    reader.close()
  }
}

async function answer(
  session: ChatSession,
  message: string,
  settings: ChatSettings,
  reader: MessageReader,
  { output }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  reader.onInterrupt = () => stop.abort()
  const view = new TerminalView(output)
  try {
    const ended = await caught(() => session.ask(message, view, AbortSignal.any([stop.signal, signal])))
    view.end()
    if (typeof ended === 'string') output.write(ended === 'stopped' ? '(stopped)\n' : ended)
    else output.write(remarks(ended, settings))
  } finally {
    reader.onInterrupt = () => {}
  }
}

/** What is said about an answer after it. */
function remarks({ choices, stats }: ChatResult, settings: ChatSettings): string {
  const [{ finishReason, ids }] = choices as [ChatResult['choices'][0]]
  const { maxTokens = Number.POSITIVE_INFINITY } = settings.options
  const why = ids.length >= maxTokens ? `cut off after ${maxTokens} tokens` : 'the context is full; /reset makes room'
  return (finishReason === 'length' ? `(${why})\n` : '') + (settings.stats ? listing(snakeKeys(stats)) : '')
}

/** A chat goes on after what can go wrong with a message or a file. */
async function caught<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | string> {
  try {
    return await work()
  } catch (error) {
    const isHarmless = isInputError(error) || (error instanceof TsinferError && HARMLESS.has(error.code))
    if (isHarmless) return `tsinfer: ${(error as TsinferError).message}\n`
    throw error
  }
}

/** Reasoning is dim, and apart from the answer. */
class TerminalView implements AnswerView {
  readonly #output: Terminal['output']
  #isDim = false
  #endsLine = true

  constructor(output: Terminal['output']) {
    this.#output = output
  }

  reasoning(text: string): void {
    if (!this.#isDim) this.#output.write(DIM)
    this.#isDim = true
    this.#write(text)
  }

  text(text: string): void {
    if (this.#isDim) this.#output.write(`${NORMAL}\n\n`)
    this.#isDim = false
    this.#write(text)
  }

  end(): void {
    if (this.#isDim) this.#output.write(NORMAL)
    if (!this.#endsLine) this.#output.write('\n')
  }

  #write(text: string): void {
    this.#output.write(text)
    this.#endsLine = text.endsWith('\n')
  }
}
