// `tsinfer run`: text out, as it is made.
import { TsinferError } from '../engine/errors.ts'
import { openGguf } from '../engine/index.ts'
import { GENERATE, LOAD } from '../engine/options/table.ts'
import {
  type ChatGeneration,
  type ChatOptions,
  type ChatResult,
  type GenerateResult,
  type Generation,
  type Model,
  readChatTemplate,
} from '../index.ts'
import { PLAIN_CHAT } from '../tokenizer/index.ts'
import { TerminalChat } from './chat/chat.ts'
import type { Values } from './shell/arguments.ts'
import { CHAT_TEMPLATE_OPTIONS, givenTemplate, plainVariables } from './shell/chat-options.ts'
import { defineCommand } from './shell/command.ts'
import { listing, snakeKeys } from './shell/figures.ts'
import { optionOf } from './shell/library-option.ts'
import { EMBEDDED_CONTEXT, EMBEDDED_MODEL, withModel } from './shell/load.ts'
import {
  draftModelOptions,
  IDS_OPTION,
  JSON_OPTION,
  LOAD_OPTIONS,
  loadOptions,
  MAX_TOKENS_OPTION,
  present,
  RAW_OPTION,
  SAMPLING_OPTIONS,
  samplingOptions,
  speculationOptions,
} from './shell/options.ts'
import { note, noteLine, outputGone, write, writeJson, writeMade } from './shell/output.ts'
import { FORMAT_OPTIONS, responseFormat } from './shell/response-format.ts'
import { answersOf } from './shell/stats-answers.ts'
import { terminalAbilities } from './shell/terminal-abilities.ts'
import { steeringFree } from './shell/terminal-text.ts'
import { FILE_OPTION } from './shell/text-input.ts'
import { wantedOf } from './shell/wanted.ts'

const OPTIONS = {
  prompt: {
    kind: 'text',
    names: ['-p', '--prompt'],
    value: 'TEXT',
    help: 'raw text to go on from; with -sys a question (default: standard input; on a terminal, a chat)',
  },
  file: { ...FILE_OPTION, help: 'the same, from a file, without its last line end' },
  escapes: {
    kind: 'flag',
    names: ['-e', '--escape'],
    offNames: ['--no-escape'],
    help: 'read \\n \\r \\t \\\' \\" \\\\ and \\xHH in PROMPT and -p (default), or leave backslashes alone',
  },
  ids: IDS_OPTION,
  maxTokens: MAX_TOKENS_OPTION,
  ignoreEos: optionOf(GENERATE.ignoreEos, { names: ['--ignore-eos'] }),
  ...FORMAT_OPTIONS,
  ...SAMPLING_OPTIONS,
  ...LOAD_OPTIONS,
  system: {
    kind: 'text',
    names: ['-sys', '--system-prompt'],
    value: 'TEXT',
    help: 'system prompt: the text is a question',
  },
  ...CHAT_TEMPLATE_OPTIONS,
  raw: RAW_OPTION,
  json: JSON_OPTION,
  trace: optionOf(LOAD.trace, { names: ['--trace'], value: 'FILE' }),
  stats: { kind: 'flag', names: ['--stats'], help: 'print settings and figures to standard error' },
} as const

type RunValues = Values<typeof OPTIONS>

/** Options that nothing but a chat looks at. */
const CHAT_ONLY = ['template', 'templateFile', 'templateVariables'] as const

export const command = defineCommand({
  usage: '[MODEL] [PROMPT] [options]',
  positionalsMax: 2,
  options: OPTIONS,
  async run({ values, positionals, spellings, signal }) {
    const [named, question] = modelAndQuestion(values.model, positionals)
    const path = named ?? EMBEDDED_MODEL
    const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
    const load = { ...loadOptions(values), ...draftModelOptions(values), ...present({ trace: values.trace }) }
    const options = named === undefined ? { context: EMBEDDED_CONTEXT, ...load } : load
    const generateOptions = {
      ...samplingOptions(values),
      ...speculationOptions(values),
      ...present({
        maxTokens: values.maxTokens === -1 ? undefined : values.maxTokens,
        ignoreEos: values.ignoreEos,
        responseFormat: await responseFormat(values),
      }),
    }
    const isEmbedded = named === undefined
    const wanted = await wantedOf(values, question, { isEmbedded, isTerminal }, signal).catch((error) => {
      // A model that cannot be read is what is wrong first.
      openGguf(path)
      throw error
    })
    const chat = wanted.kind === 'raw' ? {} : await chatOf(values)
    if (wanted.kind === 'chat') {
      const { system, stats = false, raw = false } = values
      const settings = { options: { ...generateOptions, ...(await orPlainChat(chat, path)) }, system, stats, raw }
      const terminal = { input: process.stdin, output: process.stdout, ...terminalAbilities(process.env) }
      await withModel(path, options, signal, (model) => new TerminalChat(model, settings, terminal).run(signal))
      return
    }
    if (wanted.kind === 'raw') refuseChatOptions(values, spellings)
    await withModel(path, options, signal, async (model) => {
      const show = new Shower(model, values)
      const all = { ...generateOptions, signal }
      try {
        if (wanted.kind === 'turn') await show.all(model.chat(wanted.messages, { ...all, ...chat }))
        else await show.all(model.generate(wanted.prompt, all))
      } catch (error) {
        if (signal.aborted && !outputGone.aborted) show.interrupted()
        throw error
      }
    })
  },
})

/** The model and what is asked of it; with -m the first word is the question. */
function modelAndQuestion(model: string | undefined, positionals: readonly string[]): readonly (string | undefined)[] {
  const [named, question, surplus] = model === undefined ? positionals : [model, ...positionals]
  if (surplus !== undefined) throw new TsinferError('option_invalid', `${surplus}: unexpected argument`)
  // Nobody asks that.
  if (question === undefined || !/^\S+\.gguf$/i.test(question)) return [named, question]
  throw new TsinferError('option_invalid', `expected one model, found ${named} and also ${question}`)
}

function refuseChatOptions(values: RunValues, spellings: ReadonlyMap<string, string>): void {
  const unused = CHAT_ONLY.find((option) => values[option] !== undefined)
  if (unused === undefined) return
  const how = 'a PROMPT behind the model, -p with -sys, or nothing on a terminal'
  throw new TsinferError('option_invalid', `${spellings.get(unused)}: expected a chat (${how}), found raw text`)
}

/** How to chat, as it was typed. */
async function chatOf(values: RunValues): Promise<ChatOptions> {
  const { source, name } = await givenTemplate(values)
  return present({ chatTemplate: source ?? name, templateVariables: plainVariables(values.templateVariables) })
}

/** At a terminal: a plain chat where neither the user nor the file has a template. */
async function orPlainChat(chat: ChatOptions, path: string): Promise<ChatOptions> {
  if (chat.chatTemplate !== undefined || (await readChatTemplate(path)).source !== undefined) return chat
  noteLine(PLAIN_CHAT.notice)
  return { ...chat, chatTemplate: PLAIN_CHAT.source }
}

/** Prints one generation, and what is known about it when it is stopped half-way. */
class Shower {
  readonly #model: Model
  readonly #values: RunValues
  readonly #startedMs = performance.now()
  #firstMs = 0
  #lastMs = 0
  #tokens = 0
  #endsLine = true

  constructor(model: Model, values: RunValues) {
    this.#model = model
    this.#values = values
  }

  /** Shows all of a generation, and waits for it. */
  async all(generation: Generation | ChatGeneration): Promise<void> {
    for await (const piece of generation) {
      if ('reasoning' in piece && !this.#values.json) this.#reasoning(piece.reasoning)
      this.piece(piece.text)
    }
    this.end(await generation.result)
  }

  /** What is thought before an answer is no part of it: people see it, standard output does not. */
  #reasoning(text: string): void {
    if (text !== '' && process.stderr.isTTY) note(this.#values.raw ? text : steeringFree(text))
  }

  piece(text: string): void {
    this.#lastMs = performance.now()
    if (this.#tokens++ === 0) this.#firstMs = this.#lastMs
    if (this.#values.json || text === '') return
    writeMade(text, this.#values.raw)
    this.#endsLine = text.endsWith('\n')
  }

  end({ choices, promptIds, seed, stats }: GenerateResult | ChatResult): void {
    const [choice] = choices
    if (choice === undefined) throw new TsinferError('closed', 'generation: expected a text, found none')
    if (this.#values.json) {
      writeJson({
        ids: choice.ids,
        prompt_ids: promptIds,
        text: choice.text,
        finish_reason: choice.finishReason,
        seed,
        stats: snakeKeys({ loadMs: this.#model.info.loadMs, ...stats }),
      })
    }
    this.#endLine()
    if (!this.#values.stats) return
    const figures = { loadMs: this.#model.info.loadMs, ...stats }
    note(listing({ ...this.#settings(), seed, finish_reason: choice.finishReason, ...snakeKeys(figures) }))
    for (const line of answersOf(this.#model.info.loadMs, stats)) note(`${line}\n`)
  }

  interrupted(): void {
    this.#endLine()
    if (!this.#values.stats) return
    const decodeMs = this.#lastMs - this.#firstMs
    const figures = {
      finish_reason: 'interrupted',
      tokens: this.#tokens,
      decode_ms: decodeMs,
      tok_s: decodeMs > 0 ? ((this.#tokens - 1) * 1000) / decodeMs : 0,
      ttft_ms: this.#tokens > 0 ? this.#firstMs - this.#startedMs : null,
      plan: this.#model.info.plan.text,
      kernels: this.#model.info.kernels,
    }
    note(listing({ ...this.#settings(), ...figures }))
  }

  /** The text itself stays as it was made; only on a terminal what follows begins on a line of its own. */
  #endLine(): void {
    if (!this.#endsLine && process.stdout.isTTY) write('\n')
  }

  #settings(): object {
    const { path, contextLength, sampling } = this.#model.info
    return {
      model: path,
      context: contextLength,
      ...snakeKeys({ ...sampling, ...samplingOptions(this.#values) }),
    }
  }
}
