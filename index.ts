// The public entry of the library, and where engine (token ids) and tokenizer (text) meet.
import { answerMarks, chatRequest, followChat } from './chat.ts'
import { embedAll } from './embedding.ts'
import {
  createTraceRings,
  describeKernels,
  Engine,
  type EngineEvent,
  enableRelaxedSimd,
  type GgufFile,
  inspectFile,
  KeptSession,
  kernelsFor,
  type LoadedKernels,
  linkAbort,
  loadNotices,
  type ModelConfig,
  machineTopology,
  modelConfig,
  modelInfo,
  openGguf,
  type PreparedModel,
  pairDifferences,
  prepareModel,
  preparePair,
  realExp,
  resolveResponseFormat,
  resolveSampling,
  resolveSpeculation,
  type SessionHome,
  sessionHome,
  TsinferError,
} from './engine/index.ts'
import type {
  ChatGeneration,
  ChatMessage,
  ChatOptions,
  EmbedOptions,
  EngineStats,
  GenerateOptions,
  Generation,
  Inspection,
  LoadOptions,
  Model,
  ModelInfo,
  ResponseFormat,
  ScoredPosition,
  ScoreOptions,
  Session,
  Speculation,
  TextOptions,
  TextTokenizer,
  TokenizeOptions,
  Tuning,
} from './engine/public.ts'
import { followGeneration } from './generation.ts'
import { encodeOptions, TextThread } from './text-thread.ts'
import { metadataOf } from './tokenizer/gguf-metadata.ts'
import { type ModelTemplate, readModelTemplate, type TemplateChoice } from './tokenizer/model-template.ts'
import { detokenize } from './tokenizer/stream-decoder.ts'
import type { PromptedChat, TextFacts } from './tokenizer/text-messages.ts'
import { checkTracePath, writeTrace } from './trace.ts'
import { keepTuning as keepTuningOf, withTuning } from './tuning.ts'

export * from './engine/public.ts'
export type { ModelTemplate, TemplateChoice } from './tokenizer/model-template.ts'

/** Next tokens that can be reported per scored position. */
const SCORE_TOP_MAX = 64

/**
 * Loads the model in the GGUF file `path` (of a split model: any shard) and starts its threads. Rejects with a
 * `TsinferError`: the file cannot be read or is no sound GGUF, the model or an option cannot be used, memory is short.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const { trace } = options
  if (trace !== undefined) checkTracePath(trace)
  if (options.experimentalV8) enableRelaxedSimd()
  const file = openGguf(path)
  const { prepared, draft } = prepareModels(file, withTuning(file, options))
  const text = file.metadata.has('tokenizer.ggml.model') ? new TextThread(file, options) : undefined
  const { onProgress, signal } = options
  const rings = trace === undefined ? undefined : createTraceRings(prepared.plan, draft?.plan)
  const kernels = await kernelsFor(draft ? [prepared, draft] : [prepared], options)
  const starting = Engine.start(prepared, kernels.module, { draft, onProgress, signal, trace: rings })
  const [engine, facts] = await Promise.allSettled([starting, text?.ready])
  if (engine.status === 'fulfilled' && facts.status === 'fulfilled') {
    const onClosed = async () => trace !== undefined && rings && writeTrace(trace, rings)
    const speculation = draft ? 'auto' : 'off'
    const model = new LoadedModel(path, prepared, kernels, engine.value, text, facts.value, speculation, onClosed)
    for (const notice of loadNotices(model.info, options, process.versions.node)) options.onNotice?.(notice)
    return model
  }
  if (engine.status === 'fulfilled') await engine.value.close()
  await text?.close()
  throw engine.status === 'rejected' ? engine.reason : (facts as PromiseRejectedResult).reason
}

/** The model, and the one that drafts for it. */
function prepareModels(file: GgufFile, options: LoadOptions): { prepared: PreparedModel; draft?: PreparedModel } {
  const cores = machineTopology().usableCores
  const { draftModel } = options
  if (draftModel === undefined) return { prepared: prepareModel(file, options, cores) }
  return preparePair(file, openGguf(draftModel), options, cores)
}

/**
 * Keeps how the model in `path` runs best on this machine in `folder`, for the option `tuning` of `loadModel`. Returns the
 * file's path. Throws where the file is no model, and `file_unwritable` where the folder cannot be written.
 */
export const keepTuning = (folder: string, path: string, tuning: Tuning): string =>
  keepTuningOf(folder, openGguf(path), tuning)

/** Opens only the vocabulary of a GGUF file. Rejects like `loadModel`, or where the file has no vocabulary. */
export async function openTokenizer(path: string, options: TextOptions = {}): Promise<TextTokenizer> {
  const file = openGguf(path)
  if (!file.metadata.has('tokenizer.ggml.model')) {
    throw new TsinferError('tokenizer_invalid', `${path}: expected a vocabulary (tokenizer.ggml.model), found none`)
  }
  const thread = new TextThread(file, options)
  const close = () => thread.close()
  try {
    const { table } = await thread.ready
    return {
      encode: async (text, encode) => Array.from(await thread.encode(text, encodeOptions(encode), encode?.signal)),
      detokenize: async (ids) => detokenize(table, ids),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The chat template of a GGUF file, by `name` one of several. Reads nothing but the header; the file need not be a model
 * that runs here. Rejects for anything but a sound GGUF file, and with `template_invalid` where it has no such name.
 */
export async function readChatTemplate(
  path: string,
  { hasTools = false, ...rest }: Partial<TemplateChoice> = {},
): Promise<ModelTemplate> {
  return readModelTemplate(metadataOf(openGguf(path)), { hasTools, ...rest })
}

/** Throws what a request with this format would be refused for, without a model: what is wrong with its schema. */
export function checkResponseFormat(format: ResponseFormat): void {
  resolveResponseFormat(format)
}

/** Reads the headers of a GGUF file and plans it for this machine. Rejects for anything but a sound GGUF file. */
export async function inspectModel(path: string, options: LoadOptions = {}): Promise<Inspection> {
  return inspectFile(path, openGguf(path), options, machineTopology().usableCores)
}

/**
 * What keeps the model in `draft` from drafting for the one in `path`: the first five differences, none for a fitting
 * pair. Rejects for files that are no models.
 */
export async function inspectPair(path: string, draft: string): Promise<string[]> {
  const read = (name: string) => {
    const file = openGguf(name)
    return { file, config: modelConfig(file) }
  }
  return pairDifferences(read(path), read(draft))
}

class LoadedModel implements Model {
  readonly info: ModelInfo
  readonly #engine: Engine
  readonly #config: ModelConfig
  readonly #text: TextThread | undefined
  readonly #facts: TextFacts | undefined
  readonly #stopTokens: readonly number[]
  readonly #cells: number
  /** What a request does that does not say. */
  readonly #speculation: Speculation
  /** Called once, when all threads have ended. */
  readonly #onClosed: () => Promise<unknown>
  #closing: Promise<void> | undefined
  /** Control tokens that structure an answer, once a chat has asked for them. */
  #marks: ReadonlyMap<number, string> | undefined
  readonly #sessionHome: SessionHome
  #stats = { requests: 0, requestsLive: 0, promptTokens: 0, tokens: 0 }

  constructor(
    path: string,
    prepared: PreparedModel,
    kernels: LoadedKernels,
    engine: Engine,
    text: TextThread | undefined,
    facts: TextFacts | undefined,
    speculation: Speculation,
    onClosed: () => Promise<unknown>,
  ) {
    this.#speculation = speculation
    this.#onClosed = onClosed
    this.info = modelInfo(path, prepared, describeKernels(kernels))
    this.#engine = engine
    this.#sessionHome = sessionHome(engine, prepared, this.info.name ?? path.split(/[\\/]/).at(-1)!)
    this.#config = prepared.config
    this.#text = text
    this.#facts = facts
    this.#stopTokens = stopTokens(prepared, facts)
    this.#cells = prepared.plan.sizes.cells
    if (facts) engine.setTokenBytes(facts.table.pieces, Int32Array.of(...facts.specials, ...this.#stopTokens))
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    return Array.from(await this.#needText().encode(text, encodeOptions(options), options?.signal))
  }

  detokenize(ids: readonly number[]): string {
    this.#needText()
    return detokenize(this.#facts!.table, ids)
  }

  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    const { signal, abort, unlink } = linkAbort(options.signal)
    const generation = followGeneration(this.#start(prompt, options, signal), abort)
    generation.result.then(unlink, unlink)
    return generation
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions = {}): ChatGeneration {
    const { signal, abort, unlink } = linkAbort(options.signal)
    const prompted = this.#prompt(messages, options, signal)
    const started = prompted.then(({ ids }) => this.#start(Array.from(ids), options, signal, this.#answerMarks()))
    const generation = followGeneration(started, abort)
    generation.result.then(unlink, unlink)
    return followChat(generation, prompted, options, abort)
  }

  async *score(ids: readonly number[], options: ScoreOptions = {}): AsyncGenerator<ScoredPosition, void, undefined> {
    const { from = 0, top = 5, signal } = options
    if (!Number.isInteger(top) || top < 0 || top > SCORE_TOP_MAX) {
      throw new TsinferError('option_invalid', `top: expected an integer from 0 to ${SCORE_TOP_MAX}, found ${top}`)
    }
    const prompt = this.#checkedIds(ids)
    for await (const event of this.#engine.request({ kind: 'score', prompt, from, top }, signal)) {
      if (event.kind !== 'score') continue
      const { position, ids: best, logits, logsumexp, nextLogit } = event.row
      const entries = Array.from(best, (id, i): [number, number] => [id, realExp(logits[i]! - logsumexp)])
      const next = Number.isNaN(nextLogit) ? {} : { nextLogit }
      yield { position, token: prompt[position]!, top: entries, logsumexp, ...next }
    }
  }

  async embed(texts: readonly (string | readonly number[])[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    // A whole text, so it also ends as the model wants.
    const whole = { ...encodeOptions(), addEos: true }
    const encode = async (text: string | readonly number[]) => {
      const isText = typeof text === 'string'
      return this.#checkedIds(isText ? Array.from(await this.#needText().encode(text, whole, options.signal)) : text)
    }
    return embedAll(this.#engine, this.#config, await Promise.all(texts.map(encode)), options)
  }

  session(): Session {
    return new KeptSession(this.#sessionHome)
  }

  stats(): EngineStats {
    return { ...this.#stats, kvCells: this.#cells }
  }

  async #prompt(messages: readonly ChatMessage[], options: ChatOptions, signal: AbortSignal): Promise<PromptedChat> {
    return this.#needText().prompt(chatRequest(messages, options), signal)
  }

  #answerMarks(): ReadonlyMap<number, string> {
    this.#marks ??= answerMarks(this.#facts!.table)
    return this.#marks
  }

  async #start(
    prompt: string | readonly number[],
    options: GenerateOptions,
    signal: AbortSignal,
    shown: ReadonlyMap<number, string> = new Map(),
  ) {
    const calledMs = performance.timeOrigin + performance.now()
    const { vocabularySize, contextLength } = this.info
    const { choices = 1, maxTokens = contextLength, stop = [], ignoreEos = false, parseSpecial = true } = options
    const draft = resolveSpeculation(options.speculation ?? this.#speculation, options.draft ?? {})
    const randomSeed = crypto.getRandomValues(new Uint32Array(1))[0]!
    const parameters = resolveSampling(options, vocabularySize, randomSeed)
    const stopStrings = stop.map((text) => new TextEncoder().encode(text))
    const constraint = resolveResponseFormat(options.responseFormat)
    const ids = typeof prompt === 'string' ? await this.tokenize(prompt, { parseSpecial, signal }) : prompt
    const checked = this.#checkedIds(ids)
    const stopTokens = ignoreEos ? [] : this.#stopTokens
    const session = options.session && KeptSession.of(this.#sessionHome, options.session)
    const request = {
      prompt: checked,
      parameters,
      choices,
      tokensMax: maxTokens,
      stopTokens,
      stopStrings,
      ...(draft && { draft }),
      ...(constraint && { constraint }),
      ...(session && { session: session.id }),
    }
    const leave = await session?.enter(signal)
    const events = this.#count(this.#engine.request({ kind: 'generate', ...request }, signal), checked.length, leave)
    const { seed } = parameters
    const table = this.#facts?.table
    return [
      { calledMs, promptIds: Array.from(checked), choices, seed, stopStrings, table, info: this.info, shown },
      events,
    ] as const
  }

  /** Passes events on and keeps the totals. */
  async *#count(
    events: AsyncIterable<EngineEvent>,
    promptTokens: number,
    onEnd: () => void = () => {},
  ): AsyncGenerator<EngineEvent> {
    const stats = this.#stats
    stats.requests++
    stats.requestsLive++
    stats.promptTokens += promptTokens
    try {
      for await (const event of events) {
        if (event.kind === 'token') stats.tokens++
        yield event
      }
    } finally {
      stats.requestsLive--
      onEnd()
    }
  }

  /** The ids as the engine wants them. Throws `prompt_invalid` for anything that is no id of this vocabulary. */
  #checkedIds(ids: readonly number[]): Int32Array {
    const { vocabularySize } = this.info
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize)
    if (wrong === undefined) return Int32Array.from(ids)
    throw new TsinferError('prompt_invalid', `token id: expected 0 to ${vocabularySize - 1}, found ${wrong}`)
  }

  #needText(): TextThread {
    if (this.#text) return this.#text
    throw new TsinferError('tokenizer_invalid', `${this.info.path}: expected a vocabulary, found none: use token ids`)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([this.#engine.close(), this.#text?.close()])
    await this.#onClosed()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Tokens that end a text when the model generates them. */
function stopTokens({ config }: PreparedModel, facts: TextFacts | undefined): number[] {
  const { bos, eos, eot, eom } = config.tokens
  const own = [bos, eos, eot, eom].filter((id) => id !== undefined)
  return [...new Set([...own, ...(facts?.endOfGeneration ?? [])])]
}
