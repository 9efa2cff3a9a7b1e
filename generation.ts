// One generation as the user sees it: engine events become pieces of text, texts are cut where a stop string began,
// figures become statistics.
import {
  compileStopStrings,
  type EngineEvent,
  type GenerateResult,
  type GenerateStats,
  type Generation,
  type ModelInfo,
  type Piece,
  type RequestFigures,
  RequestStream,
  type StopAutomaton,
  StopWatch,
} from './engine/index.ts'
import { byteStringAt } from './tokenizer/byte-strings.ts'
import { StreamDecoder } from './tokenizer/stream-decoder.ts'
import type { TokenTable } from './tokenizer/vocabulary.ts'

/** What a generation was asked for. */
export interface GenerationRequest {
  /** Milliseconds since the epoch. */
  readonly calledMs: number
  readonly promptIds: readonly number[]
  readonly choices: number
  readonly seed: number
  readonly stopStrings: readonly Uint8Array[]
  /** Absent for a model without a vocabulary: all texts are empty. */
  readonly table: TokenTable | undefined
  readonly info: ModelInfo
}

type Prepared = readonly [request: GenerationRequest, events: AsyncIterable<EngineEvent>]

/** Follows the events of a request that is being prepared; starts at once, whether or not anybody iterates. */
export function followGeneration(prepared: Promise<Prepared>, abandon: () => void): Generation {
  const pieces = new RequestStream<Piece>(abandon)
  const result = prepared.then(([request, events]) => collect(request, events, pieces))
  result.then(
    () => pieces.finish(),
    (error) => pieces.fail(error),
  )
  return { result, [Symbol.asyncIterator]: () => pieces }
}

async function collect(
  request: GenerationRequest,
  events: AsyncIterable<EngineEvent>,
  pieces: RequestStream<Piece>,
): Promise<GenerateResult> {
  const automaton = request.stopStrings.length > 0 ? compileStopStrings(request.stopStrings) : undefined
  const choices = Array.from({ length: request.choices }, () => new ChoiceText(request.table, automaton))
  for await (const event of events) {
    if (event.kind === 'token') {
      const { choice, token } = event
      pieces.push({ choice, token, text: choices[choice]!.add(token) })
    } else if (event.kind === 'finish') {
      const { choice, reason } = event
      const ended = choices[choice]!
      const rest = ended.end()
      ended.finishReason = reason === 'stop' ? 'stop' : 'length'
      const token = ended.ids.at(-1)
      if (rest !== '' && token !== undefined) pieces.push({ choice, token, text: rest })
    } else if (event.kind === 'done') {
      return {
        promptIds: request.promptIds,
        choices: choices.map(({ ids, text, finishReason }) => ({ ids, text, finishReason })),
        seed: request.seed,
        stats: statistics(request, event.figures),
      }
    }
  }
  throw new Error('tsinfer bug: a request ended without figures')
}

/** The growing text of one choice. Bytes that may still turn out to be a stop string are held back. */
class ChoiceText {
  readonly ids: number[] = []
  text = ''
  finishReason: 'stop' | 'length' = 'length'
  readonly #table: TokenTable | undefined
  readonly #decoder: StreamDecoder | undefined
  readonly #watch: StopWatch | undefined
  /** Bytes not given to the decoder yet. */
  #held = new Uint8Array(0)
  #decodedBytes = 0
  #isCut = false

  constructor(table: TokenTable | undefined, automaton: StopAutomaton | undefined) {
    this.#table = table
    this.#decoder = table && new StreamDecoder(table, { atStart: false })
    this.#watch = table && automaton && new StopWatch(automaton, table.pieces)
  }

  /** Takes the next token; returns the text that is certain now. */
  add(token: number): string {
    this.ids.push(token)
    if (!this.#decoder || !this.#table) return ''
    if (!this.#watch) return this.#grow(this.#decoder.decode([token]))
    const held = new Uint8Array([...this.#held, ...byteStringAt(this.#table.pieces, token)])
    this.#isCut = this.#watch.accept(token) === 'stop'
    const certain = this.#watch.keptBytes - this.#decodedBytes
    this.#held = held.slice(certain)
    this.#decodedBytes += certain
    return this.#grow(this.#decoder.decodeBytes(held.subarray(0, certain)))
  }

  /** The rest of the text: what was held back, unless a stop string cut it off. */
  end(): string {
    if (!this.#decoder) return ''
    const rest = this.#isCut ? '' : this.#decoder.decodeBytes(this.#held)
    return this.#grow(rest + this.#decoder.flush())
  }

  #grow(text: string): string {
    this.text += text
    return text
  }
}

function statistics(request: GenerationRequest, figures: RequestFigures): GenerateStats {
  const { promptIds, choices, info, calledMs } = request
  const { submittedMs, firstTokenMs, lastTokenMs, endedMs, tokens, gapsMs, drafts } = figures
  const decodeMs = tokens === 0 ? 0 : lastTokenMs - firstTokenMs
  const promptEndMs = tokens === 0 ? endedMs : firstTokenMs
  const quantile = (share: number) => gapsMs[Math.min(gapsMs.length - 1, Math.floor(gapsMs.length * share))] ?? 0
  return {
    promptTokens: promptIds.length,
    promptMs: promptEndMs - submittedMs,
    tokens,
    decodeMs,
    tokS: decodeMs > 0 ? ((tokens - Math.min(tokens, choices)) * 1000) / decodeMs : 0,
    ttftMs: promptEndMs - calledMs,
    itlMsP50: quantile(0.5),
    itlMsP95: quantile(0.95),
    itlMsMin: gapsMs[0] ?? 0,
    plan: info.plan.text,
    kernels: info.kernels,
    drafted: drafts.drafted,
    accepted: drafts.accepted,
    acceptance: ratio(drafts.accepted, drafts.drafted),
    acceptancePerGuess: ratio(drafts.accepted, drafts.accepted + drafts.rejections),
    cancelledRows: drafts.cancelled,
    wastedRows: drafts.wasted,
    utilisation: null,
  }
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
