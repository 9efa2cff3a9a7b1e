// `tsinfer run`: text out, as it is made.
import { TsinferError } from '../engine/errors.ts'
import { type ChatOptions, DEFAULT_SAMPLING, type GenerateResult, type Model, readChatTemplate } from '../index.ts'
import type { Values } from './arguments.ts'
import { runChat } from './chat/chat.ts'
import { CHAT_TEMPLATE_OPTIONS, givenTemplate, plainVariables } from './chat-options.ts'
import { defineCommand } from './command.ts'
import { listing, snakeKeys } from './figures.ts'
import { JSON_SCHEMA_OPTIONS, responseFormat } from './json-schema.ts'
import { EMBEDDED_CONTEXT, EMBEDDED_MODEL, withModel } from './load.ts'
import {
  draftModelOptions,
  IDS_OPTION,
  JSON_OPTION,
  LOAD_OPTIONS,
  loadOptions,
  modelPath,
  present,
  RAW_OPTION,
  SAMPLING_OPTIONS,
  samplingOptions,
  speculationOptions,
} from './options.ts'
import { note, outputGone, write, writeJson, writeMade } from './output.ts'
import { readPrompt } from './prompt.ts'

const OPTIONS = {
  prompt: {
    kind: 'text',
    names: ['-p', '--prompt'],
    value: 'TEXT',
    help: 'the prompt (default: standard input; on a terminal, a chat)',
  },
  ids: IDS_OPTION,
  maxTokens: {
    kind: 'integer',
    names: ['-n', '--n-predict', '--predict'],
    value: 'N',
    least: -1,
    help: 'most tokens to write, -1 = until the context is full (default)',
  },
  ignoreEos: { kind: 'flag', names: ['--ignore-eos'], help: 'go on after a token that ends the text' },
  ...JSON_SCHEMA_OPTIONS,
  ...SAMPLING_OPTIONS,
  ...LOAD_OPTIONS,
  system: { kind: 'text', names: ['-sys', '--system-prompt'], value: 'TEXT', help: 'system prompt of a chat' },
  ...CHAT_TEMPLATE_OPTIONS,
  raw: RAW_OPTION,
  json: JSON_OPTION,
  trace: {
    kind: 'text',
    names: ['--trace'],
    value: 'FILE',
    help: 'write what every thread did, for ui.perfetto.dev',
  },
  stats: { kind: 'flag', names: ['--stats'], help: 'print settings and figures to standard error' },
} as const

type RunValues = Values<typeof OPTIONS>

/** Options that nothing but a chat looks at. */
const CHAT_ONLY = ['system', 'template', 'templateFile', 'templateVariables'] as const

export const command = defineCommand({
  usage: '[MODEL] [-p TEXT] [options]',
  positionalsMax: 1,
  options: OPTIONS,
  async run({ values, positionals, signal }) {
    const path = modelPath(values, positionals)
    const load = { ...loadOptions(values), ...draftModelOptions(values), ...present({ trace: values.trace }) }
    const options = path === undefined ? { context: EMBEDDED_CONTEXT, ...load } : load
    const generateOptions = {
      ...samplingOptions(values),
      ...speculationOptions(values),
      ...present({
        maxTokens: values.maxTokens === -1 ? undefined : values.maxTokens,
        ignoreEos: values.ignoreEos,
        responseFormat: await responseFormat(values),
      }),
    }
    const chat = await chatOf(values, path ?? EMBEDDED_MODEL)
    if (chat !== undefined) {
      const settings = { options: { ...generateOptions, ...chat }, system: values.system, stats: values.stats === true }
      const terminal = { input: process.stdin, output: process.stdout }
      await withModel(path ?? EMBEDDED_MODEL, options, signal, (model) => runChat(model, settings, terminal, signal))
      return
    }
    const prompt = await readPrompt(values, path === undefined, signal)
    await withModel(path ?? EMBEDDED_MODEL, options, signal, async (model) => {
      const show = new Shower(model, values)
      const generation = model.generate(prompt, { ...generateOptions, signal })
      try {
        for await (const { text } of generation) show.piece(text)
        show.end(await generation.result)
      } catch (error) {
        if (signal.aborted && !outputGone.aborted) show.interrupted()
        throw error
      }
    })
  },
})

/**
 * How to chat where that is wanted: nothing else to begin with is given, on a terminal, and there is a template. Otherwise
 * undefined.
 */
async function chatOf(values: RunValues, path: string): Promise<ChatOptions | undefined> {
  const isAsked = values.prompt === undefined && values.ids === undefined && !values.json
  if (!isAsked || !process.stdin.isTTY || !process.stdout.isTTY) {
    const unused = CHAT_ONLY.find((option) => values[option] !== undefined)
    if (unused === undefined) return undefined
    const name = OPTIONS[unused].names.at(-1)
    throw new TsinferError(
      'option_invalid',
      `${name}: expected a chat, which begins on a terminal without -p and --ids`,
    )
  }
  const { source, name } = await givenTemplate(values)
  const chatTemplate = source ?? name
  if (chatTemplate === undefined && (await readChatTemplate(path)).source === undefined) return undefined
  const templateVariables = plainVariables(values.templateVariables)
  return present({ chatTemplate, templateVariables })
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

  piece(text: string): void {
    this.#lastMs = performance.now()
    if (this.#tokens++ === 0) this.#firstMs = this.#lastMs
    if (this.#values.json || text === '') return
    writeMade(text, this.#values.raw)
    this.#endsLine = text.endsWith('\n')
  }

  end({ choices, promptIds, seed, stats }: GenerateResult): void {
    const [choice] = choices
    if (choice === undefined) throw new TsinferError('closed', 'generation: expected a text, found none')
    if (this.#values.json) {
      writeJson({
        ids: choice.ids,
        prompt_ids: promptIds,
        text: choice.text,
        finish_reason: choice.finishReason,
        seed,
        stats: snakeKeys(stats),
      })
    }
    this.#endLine()
    if (this.#values.stats)
      note(listing({ ...this.#settings(), seed, finish_reason: choice.finishReason, ...snakeKeys(stats) }))
  }

  interrupted(): void {
    this.#endLine()
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
    note(listing({ ...(this.#values.stats ? this.#settings() : {}), ...figures }))
  }

  /** The text itself stays as it was made; only on a terminal what follows begins on a line of its own. */
  #endLine(): void {
    if (!this.#endsLine && process.stdout.isTTY) write('\n')
  }

  #settings(): object {
    const { path, contextLength } = this.#model.info
    return {
      model: path,
      context: contextLength,
      ...snakeKeys({ ...DEFAULT_SAMPLING, ...samplingOptions(this.#values) }),
    }
  }
}
