// A loaded model: where engine (token ids) and tokenizer (text) meet.

import {
  abortedError,
  CHAT,
  chatMessages,
  checkTracePath,
  createTraceRings,
  describeKernels,
  EMBED,
  Engine,
  type EngineEvent,
  enableRelaxedSimd,
  fileSampling,
  GENERATE,
  type GgufFile,
  type GivenOptions,
  KeptSession,
  kernelsFor,
  LOAD,
  linkAbort,
  loadNotices,
  type ModelConfig,
  machineTopology,
  modelInfo,
  openGguf,
  type PreparedModel,
  prepareModel,
  preparePair,
  promptSite,
  readArgument,
  readOptions,
  realExp,
  SCORE,
  type SessionHome,
  sessionHome,
  TsinferError,
  withTuning,
  writeTrace,
} from '../engine/index.ts'
import type {
  ChatGeneration,
  ChatMessage,
  ChatOptions,
  EmbedOptions,
  EngineStats,
  GenerateOptions,
  Generation,
  LoadOptions,
  Model,
  ModelInfo,
  ScoredPosition,
  ScoreOptions,
  Session,
  Speculation,
  TokenizeOptions,
} from '../engine/public/index.ts'
import { countOf } from '../tokenizer/byte-strings.ts'
import { detokenize } from '../tokenizer/stream-decoder.ts'
import type { PromptedChat, TextFacts } from '../tokenizer/text-messages.ts'
import { readEmbeddedTexts, readListedIds, readPath, readPromptIds, readText } from './arguments.ts'
import { answerMarks, chatRequest, followChat } from './chat.ts'
import { embedAll } from './embedding.ts'
import { generateRequest } from './generate-request.ts'
import { followGeneration } from './generation.ts'
import { readTokenizeOptions, TextThread } from './text-thread.ts'

/**
 * Loads the model in the GGUF file `path` (of a split model: any shard) and starts its threads. Rejects with a
 * `TsinferError`: the file cannot be read or is no sound GGUF, the model or an option cannot be used, memory is short, a
 * thread died, `aborted`; with what a callback throws. Nothing is left open then.
 */
export async function loadModel(path: string | URL, options: LoadOptions = {}): Promise<Model> {
  const name = readPath(path)
  const given = readOptions(LOAD, options)
  const { signal, abort, unlink } = linkAbort(given.signal)
  const opened: Opened[] = []
  try {
    return await load(name, { ...given, signal }, opened)
  } catch (error) {
    // The parts that have not failed stop, too.
    abort()
    await Promise.allSettled(opened.map((close) => close()))
    throw error
  } finally {
    unlink()
  }
}

/** Options as their table reads them. */
type Given<Table> = GivenOptions<Table>

/** Closes what loading has opened; may be called before it is open. */
type Opened = () => Promise<unknown>

/** `opened`: gets everything that a failure has to close. */
async function load(path: string, options: Given<typeof LOAD>, opened: Opened[]): Promise<Model> {
  const startedMs = performance.now()
  const { trace, onProgress, onNotice, signal } = options
  if (signal?.aborted) throw abortedError('loading', signal)
  if (trace !== undefined) checkTracePath(trace)
  if (options.experimentalV8) enableRelaxedSimd()
  const file = openGguf(path)
  const { prepared, draft } = prepareModels(file, withTuning(file, options))
  const text = file.metadata.has('tokenizer.ggml.model') ? new TextThread(file, options) : undefined
  if (text) opened.push(() => text.close())
  const rings = trace === undefined ? undefined : createTraceRings(prepared.plan, draft?.plan)
  const kernels = await kernelsFor(draft ? [prepared, draft] : [prepared], options)
  const starting = Engine.start(prepared, kernels.module, { draft, onProgress, signal, trace: rings })
  opened.push(async () => (await starting).close())
  const [engine, facts] = await Promise.all([starting, text?.ready])
  const onClosed = async () => trace !== undefined && rings && writeTrace(trace, rings)
  const speculation = draft ? 'auto' : 'off'
  const info = modelInfo(path, prepared, describeKernels(kernels), performance.now() - startedMs)
  const model = new LoadedModel(info, prepared, engine, text, facts, speculation, onClosed)
  for (const notice of fileSampling(file.metadata).notices) onNotice?.(notice)
  for (const notice of loadNotices(model.info, options, process.versions.node)) onNotice?.(notice)
  return model
}

/** The model, and the one that drafts for it. */
function prepareModels(
  file: GgufFile,
  options: Given<typeof LOAD>,
): { prepared: PreparedModel; draft?: PreparedModel } {
  const cores = machineTopology().usableCores
  const { draftModel } = options
  if (draftModel === undefined) return { prepared: prepareModel(file, options, cores) }
  return preparePair(file, openGguf(draftModel), options, cores)
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
    info: ModelInfo,
    prepared: PreparedModel,
    engine: Engine,
    text: TextThread | undefined,
    facts: TextFacts | undefined,
    speculation: Speculation,
    onClosed: () => Promise<unknown>,
  ) {
    this.#speculation = speculation
    this.#onClosed = onClosed
    this.info = info
    this.#engine = engine
    this.#sessionHome = sessionHome(engine, prepared, info.name ?? info.path.split(/[\\/]/).at(-1)!)
    this.#config = prepared.config
    this.#text = text
    this.#facts = facts
    this.#stopTokens = stopTokens(prepared, facts)
    this.#cells = prepared.plan.sizes.cells
    if (facts) engine.setTokenBytes(facts.table.pieces, joined(facts.specials, this.#stopTokens))
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    const { signal, ...given } = readTokenizeOptions(options)
    return Array.from(await this.#needText().encode(readText(text), given, signal))
  }

  detokenize(ids: readonly number[]): string {
    this.#needText()
    return detokenize(this.#facts!.table, readListedIds(ids, countOf(this.#facts!.table.pieces)))
  }

  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    try {
      const given = readOptions(GENERATE, options)
      const { signal, abort, unlink } = linkAbort(given.signal)
      const generation = followGeneration(this.#start(prompt, given, signal), abort)
      generation.result.then(unlink, unlink)
      return generation
    } catch (error) {
      return followGeneration(Promise.reject(error), () => {})
    }
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions = {}): ChatGeneration {
    try {
      const given = readOptions(CHAT, options)
      const said = readArgument(chatMessages, messages, promptSite('messages'))
      const { signal, abort, unlink } = linkAbort(given.signal)
      const prompted = this.#prompt(said, given, signal)
      const started = prompted.then(({ ids }) => this.#start(ids, given, signal, this.#answerMarks()))
      const generation = followGeneration(started, abort)
      generation.result.then(unlink, unlink)
      return followChat(generation, prompted, given, abort)
    } catch (error) {
      return followChat(
        followGeneration(Promise.reject(error), () => {}),
        Promise.reject(error),
        {},
        () => {},
      )
    }
  }

  async *score(ids: readonly number[], options: ScoreOptions = {}): AsyncGenerator<ScoredPosition, void, undefined> {
    const { from = SCORE.from.default, top = SCORE.top.default, signal } = readOptions(SCORE, options)
    const prompt = readPromptIds(ids, this.info.vocabularySize, 'ids')
    for await (const event of this.#engine.request({ kind: 'score', prompt, from, top }, signal)) {
      if (event.kind !== 'score') continue
      const { position, ids: best, logits, logsumexp, nextLogit } = event.row
      const entries = Array.from(best, (id, i): [number, number] => [id, realExp(logits[i]! - logsumexp)])
      const next = Number.isNaN(nextLogit) ? {} : { nextLogit }
      yield { position, token: prompt[position]!, top: entries, logsumexp, ...next }
    }
  }

  async embed(
    texts: string | readonly (string | readonly number[])[],
    options: EmbedOptions = {},
  ): Promise<Float32Array[]> {
    const given = readOptions(EMBED, options)
    const listed = readEmbeddedTexts(texts, this.info.vocabularySize)
    // A whole text, so it also ends as the model wants.
    const whole = { addBos: true, parseSpecial: true, addEos: true }
    const encode = async (text: string | Int32Array) =>
      typeof text === 'string' ? this.#checkedIds(await this.#needText().encode(text, whole, given.signal)) : text
    return embedAll(this.#engine, this.#config, await Promise.all(listed.map(encode)), given)
  }

  session(): Session {
    return new KeptSession(this.#sessionHome)
  }

  stats(): EngineStats {
    return { ...this.#stats, kvCells: this.#cells }
  }

  async #prompt(
    messages: readonly ChatMessage[],
    options: Given<typeof CHAT>,
    signal: AbortSignal,
  ): Promise<PromptedChat> {
    return this.#needText().prompt(chatRequest(messages, options), signal)
  }

  #answerMarks(): ReadonlyMap<number, string> {
    this.#marks ??= answerMarks(this.#facts!.table)
    return this.#marks
  }

  async #start(
    prompt: string | ArrayLike<number>,
    options: Given<typeof GENERATE>,
    signal: AbortSignal,
    shown: ReadonlyMap<number, string> = new Map(),
  ) {
    const calledMs = performance.timeOrigin + performance.now()
    const request = generateRequest(options, {
      ...this.info,
      table: this.#facts?.table,
      speculation: this.#speculation,
      stopTokens: this.#stopTokens,
    })
    const { choices, parameters, stopStrings } = request
    const { parseSpecial = GENERATE.parseSpecial.default } = options
    const session = options.session && KeptSession.of(this.#sessionHome, options.session)
    const ids =
      typeof prompt === 'string'
        ? this.#checkedIds(await this.#needText().encode(prompt, { addBos: true, parseSpecial }, signal))
        : readPromptIds(prompt, this.info.vocabularySize, 'prompt')
    const leave = await session?.enter(signal)
    const asked = { ...request, prompt: ids, ...(session && { session: session.id }) }
    const events = this.#count(this.#engine.request(asked, signal), ids.length, leave)
    const { seed } = parameters
    const table = this.#facts?.table
    return [
      { calledMs, promptIds: Array.from(ids), choices, seed, stopStrings, table, info: this.info, shown },
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

  /** Ids of the text's vocabulary, which may be larger than the model's. Throws `prompt_invalid`. */
  #checkedIds(ids: Int32Array): Int32Array {
    return readPromptIds(ids, this.info.vocabularySize, 'prompt')
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

/** One list of both; a file may have millions of special tokens, more than a call may have arguments. */
function joined(specials: Int32Array, stopTokens: readonly number[]): Int32Array {
  const both = new Int32Array(specials.length + stopTokens.length)
  both.set(specials)
  both.set(stopTokens, specials.length)
  return both
}

/** Tokens that end a text when the model generates them. */
function stopTokens({ config }: PreparedModel, facts: TextFacts | undefined): number[] {
  const { bos, eos, eot, eom } = config.tokens
  const own = [bos, eos, eot, eom].filter((id) => id !== undefined)
  return [...new Set([...own, ...(facts?.endOfGeneration ?? [])])]
}
