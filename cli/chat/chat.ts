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

/** Chats until the user leaves, the input ends or `signal` fires. Everything goes to the terminal. */
export async function runChat(
  model: Model,
  settings: ChatSettings,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const session = new ChatSession(model, settings.options, settings.system)
  const reader = new MessageReader(terminal, completeCommand)
  const leave = () => reader.close()
  signal.addEventListener('abort', leave, { once: true })
  const name = printable(model.info.name ?? model.info.path)
  terminal.output.write(`${name}, ${model.info.plan.text}; /help lists the commands\n`)
  const answer = (ask: Ask) => showAnswer(ask, session, settings, reader, terminal, signal)
  try {
    for (;;) {
      const message = await reader.read()
      if (message === undefined) return
      if (message.trim() === '') continue
      if (message.startsWith('/') && !message.startsWith('//')) {
        const outcome = await caught(() => runChatCommand(session, message))
        if (outcome === 'exit') return
        if (outcome === 'regenerate') await answer((view, stop) => session.regenerate(view, stop))
        else terminal.output.write(outcome.text)
      } else await answer((view, stop) => session.ask(message.replace(/^\/\//, '/'), view, stop))
    }
  } finally {
    signal.removeEventListener('abort', leave)
    session.close()
    reader.close()
  }
}

async function showAnswer(
  ask: Ask,
  session: ChatSession,
  settings: ChatSettings,
  reader: MessageReader,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  reader.onInterrupt = () => stop.abort()
  const view = new TerminalView(terminal, settings.raw)
  try {
    const ended = await caught(() => ask(view, AbortSignal.any([stop.signal, signal])))
    view.end()
    if (ended === 'stopped') terminal.output.write('(stopped)\n')
    else if ('text' in ended) terminal.output.write(ended.text)
    else terminal.output.write(remarks(ended, session, settings.stats))
  } finally {
    reader.onInterrupt = () => {}
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
