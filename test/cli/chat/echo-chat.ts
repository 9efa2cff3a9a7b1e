// A chat over made-up streams and a made-up model: what is typed, what is asked, what is shown.
import { PassThrough } from 'node:stream'
import { type ChatSettings, TerminalChat } from '../../../cli/chat/chat.ts'
import type { TerminalAbilities } from '../../../cli/shell/terminal-abilities.ts'
import {
  type ChatGeneration,
  type ChatMessage,
  type ChatOptions,
  type ChatPiece,
  type ChatResult,
  type Model,
  TsinferError,
} from '../../../index.ts'

/** Session files by path: their notes. */
export const files = new Map<string, string>()

export const CTRL_R = '\u0012'
export const DIM = '\u001b[2m'
/** What the model says in place of the echo. */
export const answers = new Map<string, string>()
export const CTRL_C = '\u0003'
export const CTRL_D = '\u0004'

/** Of every answer. */
const STATS = {
  ...{ tokens: 2, tokS: 40, decodeMs: 25, ttftMs: 5, promptTokens: 9, reusedTokens: 1, promptMs: 4, promptTokS: 2000 },
  ...{ policy: 'sync', drafter: 'n-grams', drafted: 4, accepted: 1, plainTokS: 20, plainIsBound: false, speedup: 2 },
  ...{ targetMs: 20, drafterMs: 0, waitingMs: 5 },
}

/** Answers each message with its own words in brackets; `wait` never ends by itself, `bad` fails. */
class EchoModel {
  readonly asked: (readonly ChatMessage[])[] = []
  readonly options: ChatOptions[] = []
  info = { name: 'echo', path: 'echo.gguf', contextLength: 100, loadMs: 1500, plan: { text: 'no plan' } }

  session() {
    return {
      async save(path: string, note: string) {
        files.set(path, note)
        return { tokens: [1, 2], note }
      },
      async load(path: string) {
        const note = files.get(path)
        if (note === undefined)
          throw new TsinferError('session_invalid', `${path}: expected a session, found another file`)
        return { tokens: [1, 2], note }
      },
      close() {},
    }
  }

  chat(messages: readonly ChatMessage[], { signal, ...options }: ChatOptions = {}): ChatGeneration {
    this.asked.push([...messages])
    this.options.push(options)
    const question = String(messages.at(-1)!.content)
    const content = answers.get(question) ?? `[${question}]`
    const pieces: ChatPiece[] = [
      { choice: 0, token: 1, text: '', reasoning: 'hm', toolCalls: [] },
      { choice: 0, token: 2, text: content, reasoning: '', toolCalls: [] },
    ]
    const message: ChatMessage = { role: 'assistant', content, reasoning_content: 'hm' }
    const choice = {
      ids: [1, 2],
      text: content,
      finishReason: 'stop',
      content,
      reasoning: 'hm',
      toolCalls: [],
      message,
    }
    const result = {
      promptIds: [1],
      choices: [choice],
      seed: 7,
      stats: STATS,
      prompt: '',
    } as unknown as ChatResult
    return {
      result: Promise.resolve(result),
      async *[Symbol.asyncIterator]() {
        if (question === 'bad') throw new TsinferError('template_refused', 'chat template: no')
        yield* pieces
        if (question !== 'wait') return
        await new Promise((resolve) => signal!.addEventListener('abort', resolve))
        throw new TsinferError('aborted', 'aborted')
      },
    }
  }
}

/** Types each text once what was written contains the mark before it; the end of the list is Ctrl-D. */
export async function chat(
  script: readonly (readonly [mark: string, text: string | Uint8Array])[],
  { name, moves, styles, ...settings }: Partial<ChatSettings & TerminalAbilities & { readonly name: string }> = {},
): Promise<{ readonly screen: string; readonly asked: EchoModel['asked']; readonly options: ChatOptions[] }> {
  const model = new EchoModel()
  if (name !== undefined) model.info = { ...model.info, name }
  const input = new PassThrough()
  const output = new PassThrough()
  const steps = [...script, ['> ', CTRL_D] as const]
  let screen = ''
  let fresh = ''
  const type = () => {
    const [mark, text] = steps[0] ?? ['\n', '']
    if (!fresh.includes(mark)) return
    steps.shift()
    fresh = ''
    setTimeout(() => input.write(text), 5)
  }
  output.setEncoding('utf8').on('data', (chunk: string) => {
    screen += chunk
    fresh += chunk
    type()
  })
  const all: ChatSettings = { options: {}, system: undefined, stats: false, raw: false, ...settings }
  const terminal = { input, output, moves: moves ?? true, styles: styles ?? true }
  await new TerminalChat(model as unknown as Model, all, terminal).run(new AbortController().signal)
  return { screen, asked: model.asked, options: model.options }
}

export const contents = (messages: readonly ChatMessage[] | undefined) =>
  messages?.map(({ role, content }) => `${role}: ${content}`)
