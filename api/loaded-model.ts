// A loaded model: where engine (token ids) and tokenizer (text) meet.
import {
  CHAT,
  type ChatGeneration,
  type ChatMessage,
  type ChatOptions,
  type CompiledForm,
  chatMessages,
  EMBED,
  type EmbedOptions,
  type Engine,
  type EngineStats,
  GENERATE,
  type GenerateOptions,
  type Generation,
  type GivenOptions,
  KeptSession,
  linkAbort,
  type Model,
  type ModelInfo,
  type PreparedModel,
  plainFormat,
  promptSite,
  type ResponseFormat,
  readArgument,
  readOptions,
  realExp,
  SCORE,
  type ScoredPosition,
  type ScoreOptions,
  type Session,
  type SessionHome,
  type Speculation,
  sessionHome,
  type TokenizeOptions,
  TsinferError,
} from '../engine/index.ts'
import { stringCount } from '../tokenizer/byte-strings.ts'
import { detokenize } from '../tokenizer/stream-decoder.ts'
import type { TextFacts } from '../tokenizer/text-messages.ts'
import type { EncodeOptions } from '../tokenizer/tokenizer.ts'
import { checkPromptIds, readEmbeddedTexts, readListedIds, readPromptIds, readText } from './arguments.ts'
import { answerMarks, ChatAnswers } from './chat-answers.ts'
import { chatRequest } from './chat-request.ts'
import { Clients } from './clients.ts'
import { embedAll } from './embedding.ts'
import { FormThread } from './form-thread.ts'
import { generateRequest } from './generate-request.ts'
import { followGeneration, type PieceView, PLAIN_VIEW, type PreparedGeneration } from './generation.ts'
import { readTokenizeOptions, type TextThread } from './text-thread.ts'

/** What a model is made of when all of it has been loaded. */
export interface ModelParts {
  readonly info: ModelInfo
  readonly prepared: PreparedModel
  readonly engine: Engine
  /** Absent for a file without a vocabulary. */
  readonly text: ModelText | undefined
  /** What a request does that does not say. */
  readonly speculation: Speculation
  /** Called once, when all threads have ended. */
  readonly onClosed: () => Promise<unknown>
}

interface ModelText {
  readonly thread: TextThread
  readonly facts: TextFacts
}

/** A generation with what is special about it. */
interface Asked<Shown, Result> {
  readonly options: GivenOptions<typeof GENERATE>
  readonly signal: AbortSignal
  /** Control tokens that are not left out of the text, with what they print. */
  readonly shown?: ReadonlyMap<number, string>
  readonly view: PieceView<Shown, Result>
}

export class LoadedModel implements Model {
  readonly info: ModelInfo
  readonly #parts: ModelParts
  readonly #stopTokens: readonly number[]
  readonly #sessionHome: SessionHome
  readonly #clients = new Clients()
  /** Control tokens that structure an answer, once a chat has asked for them. */
  #marks: ReadonlyMap<number, string> | undefined
  /** Absent for a file without a vocabulary. */
  readonly #forms: FormThread | undefined
  #closing: Promise<void> | undefined

  constructor(parts: ModelParts) {
    const { info, prepared, engine, text } = parts
    this.info = info
    this.#parts = parts
    this.#stopTokens = stopTokens(prepared, text?.facts)
    this.#sessionHome = sessionHome(engine, prepared, info.name ?? info.path.split(/[\\/]/).at(-1)!)
    if (!text) return
    const { table, specials } = text.facts
    engine.setTokenBytes(table.pieces)
    this.#forms = new FormThread(table.pieces, joined(specials, this.#stopTokens))
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    const { signal, ...given } = readTokenizeOptions(options)
    return Array.from(await this.#needText().thread.encode(readText(text), given, signal))
  }

  detokenize(ids: readonly number[]): string {
    const { table } = this.#needText().facts
    return detokenize(table, readListedIds(ids, stringCount(table.pieces)))
  }

  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    return this.#follow(
      () => readOptions(GENERATE, options),
      (given, signal) =>
        this.#prepare(() => this.#promptIds(prompt, given, signal), { options: given, signal, view: PLAIN_VIEW }),
    )
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions = {}): ChatGeneration {
    return this.#follow(
      () => ({ ...readOptions(CHAT, options), said: readArgument(chatMessages, messages, promptSite('messages')) }),
      async ({ said, ...given }, signal) => {
        const { thread, facts } = this.#needText()
        const { text, template, ids } = await thread.prompt(chatRequest(said, given), signal)
        this.#marks ??= answerMarks(facts.table)
        const view = new ChatAnswers({ text, template }, given)
        const checked = () => checkPromptIds(ids, this.info.vocabularySize)
        return this.#prepare(checked, { options: given, signal, shown: this.#marks, view })
      },
    )
  }

  async *score(ids: readonly number[], options: ScoreOptions = {}): AsyncGenerator<ScoredPosition, void, undefined> {
    const given = readOptions(SCORE, options)
    const { from = SCORE.from.default, top = SCORE.top.default, signal } = given
    const prompt = readPromptIds(ids, this.info.vocabularySize, 'ids')
    const request = { kind: 'score', prompt, from, top, ...this.#clients.standing(given) } as const
    for await (const event of this.#parts.engine.request(request, signal)) {
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
    const { engine, prepared } = this.#parts
    const given = readOptions(EMBED, options)
    const listed = readEmbeddedTexts(texts, this.info.vocabularySize)
    // A whole text, so it also ends as the model wants.
    const whole = { addBos: true, parseSpecial: true, addEos: true }
    const encode = async (text: string | Int32Array) =>
      typeof text === 'string' ? this.#encode(text, whole, given.signal) : text
    const standing = this.#clients.standing(given)
    return embedAll(engine, prepared.config, await Promise.all(listed.map(encode)), {
      ...{ ...given, standing, queueMax: prepared.plan.queueMax },
    })
  }

  session(): Session {
    return new KeptSession(this.#sessionHome)
  }

  stats(): EngineStats {
    const { engine, prepared } = this.#parts
    return { ...engine.totals, kvCells: prepared.plan.sizes.cells }
  }

  /** Follows a generation. What is wrong with its options rejects its result, as everything else does. */
  #follow<Given extends { readonly signal?: AbortSignal }, Shown, Result>(
    read: () => Given,
    prepare: (given: Given, signal: AbortSignal) => Promise<PreparedGeneration<Shown, Result>>,
  ) {
    try {
      const given = read()
      const { signal, abort, unlink } = linkAbort(given.signal)
      const generation = followGeneration(prepare(given, signal), abort)
      generation.result.then(unlink, unlink)
      return generation
    } catch (error) {
      return followGeneration<Shown, Result>(Promise.reject(error), () => {})
    }
  }

  async #prepare<Shown, Result>(
    readIds: () => Int32Array | Promise<Int32Array>,
    { options, signal, shown = new Map(), view }: Asked<Shown, Result>,
  ): Promise<PreparedGeneration<Shown, Result>> {
    const calledMs = performance.timeOrigin + performance.now()
    const { info } = this
    const { engine, text, speculation } = this.#parts
    const { table, suppressed = [] } = text?.facts ?? {}
    const request = generateRequest(options, { ...info, table, speculation, suppressed, stopTokens: this.#stopTokens })
    const compiling = this.#compile(options.responseFormat, signal)
    // Who waits for it, further down, hears of it.
    compiling?.catch(() => {})
    const session = options.session && KeptSession.of(this.#sessionHome, options.session)
    // Nothing is waited for where there are ids: requests enter a session in the order of their calls.
    const ids = readIds()
    const prompt = ids instanceof Int32Array ? ids : await ids
    const onEnd = (await session?.enter(signal)) ?? (() => {})
    const constraint = await compiling?.catch((error) => {
      onEnd()
      throw error
    })
    const standing = this.#clients.standing(options)
    const asked = {
      ...request,
      prompt,
      ...(constraint && { constraint }),
      ...standing,
      ...(session && { session: session.id }),
    }
    const send: PreparedGeneration<Shown, Result>['send'] = (sink) => engine.send(asked, sink, signal)
    return { request, promptIds: Array.from(prompt), calledMs, info, table, shown, view, send, onEnd }
  }

  /** Undefined for plain text. Throws for a format that is no plain data, or where there is no vocabulary. */
  #compile(format: ResponseFormat | undefined, signal: AbortSignal): Promise<CompiledForm> | undefined {
    const plain = plainFormat(format)
    if (plain === undefined) return undefined
    if (this.#forms) return this.#forms.compile(plain, signal)
    throw new TsinferError('option_invalid', 'responseFormat: expected a model with a vocabulary, found one without')
  }

  #promptIds(
    prompt: string | readonly number[],
    { parseSpecial = GENERATE.parseSpecial.default }: GivenOptions<typeof GENERATE>,
    signal: AbortSignal,
  ): Int32Array | Promise<Int32Array> {
    if (typeof prompt !== 'string') return readPromptIds(prompt, this.info.vocabularySize, 'prompt')
    return this.#encode(prompt, { addBos: true, parseSpecial }, signal)
  }

  async #encode(text: string, options: EncodeOptions, signal: AbortSignal | undefined): Promise<Int32Array> {
    return checkPromptIds(await this.#needText().thread.encode(text, options, signal), this.info.vocabularySize)
  }

  #needText(): ModelText {
    const { text } = this.#parts
    if (text) return text
    throw new TsinferError('tokenizer_invalid', `${this.info.path}: expected a vocabulary, found none: use token ids`)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { engine, text, onClosed } = this.#parts
    await Promise.all([engine.close(), text?.thread.close(), this.#forms?.close()])
    await onClosed()
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
