// One generation as the user sees it: engine events become pieces of text, texts are cut where a stop string began,
// figures become statistics.
import {
  compileStopStrings,
  describeAuto,
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
} from '../engine/index.ts'
import { byteStringAt } from '../tokenizer/byte-strings.ts'
import { StreamDecoder } from '../tokenizer/stream-decoder.ts'
import type { TokenTable } from '../tokenizer/vocabulary.ts'

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
  /** Control tokens that are not left out of the text, with what they print. */
  readonly shown: ReadonlyMap<number, string>
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
  let choices: ChoiceText[] | undefined
  for await (const event of events) {
    // Made in here: what throws must end the request.
    choices ??= choiceTexts(request)
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

function choiceTexts({ stopStrings, choices, table, shown }: GenerationRequest): ChoiceText[] {
  const automaton = stopStrings.length > 0 ? compileStopStrings(stopStrings) : undefined
  return Array.from({ length: choices }, () => new ChoiceText(table, automaton, shown))
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
  readonly #shown: ReadonlyMap<number, string>
  /** Control tokens to show, by how many bytes of text come before them. */
  readonly #waiting: { readonly at: number; readonly text: string }[] = []

  constructor(table: TokenTable | undefined, automaton: StopAutomaton | undefined, shown: ReadonlyMap<number, string>) {
    this.#shown = shown
    this.#table = table
    this.#decoder = table && new StreamDecoder(table, { atStart: false })
    this.#watch = table && automaton && new StopWatch(automaton, table.pieces)
  }

  /** Takes the next token; returns the text that is certain now. */
  add(token: number): string {
    this.ids.push(token)
    if (!this.#decoder || !this.#table) return ''
    const shown = this.#shown.get(token)
    if (!this.#watch) {
      return this.#grow(shown === undefined ? this.#decoder.decode([token]) : this.#decoder.flush() + shown)
    }
    if (shown !== undefined) this.#waiting.push({ at: this.#decodedBytes + this.#held.length, text: shown })
    const held = new Uint8Array([...this.#held, ...byteStringAt(this.#table.pieces, token)])
    this.#isCut = this.#watch.accept(token) === 'stop'
    const certain = this.#watch.keptBytes - this.#decodedBytes
    this.#held = held.slice(certain)
    return this.#grow(this.#decode(this.#decoder, held.subarray(0, certain)))
  }

  /** Text of the next bytes, with the control tokens that stand among them. */
  #decode(decoder: StreamDecoder, bytes: Uint8Array): string {
    let text = ''
    let from = 0
    while (this.#waiting.length > 0 && this.#waiting[0]!.at <= this.#decodedBytes + bytes.length) {
      const { at, text: shown } = this.#waiting.shift()!
      const to = at - this.#decodedBytes
      text += decoder.decodeBytes(bytes.subarray(from, to)) + decoder.flush() + shown
      from = to
    }
    this.#decodedBytes += bytes.length
    return text + decoder.decodeBytes(bytes.subarray(from))
  }

  /** The rest of the text: what was held back, unless a stop string cut it off. */
  end(): string {
    if (!this.#decoder) return ''
    const rest = this.#isCut ? '' : this.#decode(this.#decoder, this.#held)
    return this.#grow(rest + this.#decoder.flush())
  }

  #grow(text: string): string {
    this.text += text
    return text
  }
}

function statistics(request: GenerationRequest, figures: RequestFigures): GenerateStats {
  const { promptIds, choices, info, calledMs } = request
  const {
    submittedMs,
    firstTokenMs,
    lastTokenMs,
    endedMs,
    tokens,
    reused,
    gapsMs,
    drafts,
    auto,
    whole,
    decode,
    stopsUs,
  } = figures
  const decodeMs = tokens === 0 ? 0 : lastTokenMs - firstTokenMs
  const promptEndMs = tokens === 0 ? endedMs : firstTokenMs
  const promptMs = promptEndMs - submittedMs
  const tokS = decodeMs > 0 ? ((tokens - Math.min(tokens, choices)) * 1000) / decodeMs : 0
  const bubble = complement(mean(decode.stageUtilisation))
  const waitingMs = (bubble ?? 0) * decodeMs
  const quantile = (share: number) => gapsMs[Math.min(gapsMs.length - 1, Math.floor(gapsMs.length * share))] ?? 0
  return {
    promptTokens: promptIds.length,
    reusedTokens: reused,
    promptMs,
    promptTokS: promptMs > 0 ? ((promptIds.length - reused) * 1000) / promptMs : null,
    tokens,
    decodeMs,
    tokS,
    ttftMs: promptEndMs - calledMs,
    itlMsP50: quantile(0.5),
    itlMsP95: quantile(0.95),
    itlMsMin: gapsMs[0] ?? 0,
    plan: info.plan.text,
    kernels: info.kernels,
    ...againstPlain(figures, tokS, choices),
    targetMs: decodeMs - waitingMs,
    drafterMs: figures.drafterUs / 1000,
    waitingMs,
    drafted: drafts.drafted,
    accepted: drafts.accepted,
    acceptance: ratio(drafts.accepted, drafts.drafted),
    acceptancePerGuess: ratio(drafts.accepted, drafts.accepted + drafts.rejections),
    cancelledRows: drafts.cancelled,
    wastedRows: drafts.wasted,
    speculation: auto ? describeAuto(auto) : null,
    utilisation: mean(whole.stageUtilisation),
    stageUtilisation: whole.stageUtilisation,
    bubble,
    runsInFlight: decode.runsInFlight,
    tokensPerRun: whole.tokensPerRun,
    wholeCancels: stopsUs.length,
    wholeCancelMsP50: stopsUs.length === 0 ? null : stopsUs[stopsUs.length >> 1]! / 1000,
  }
}

/** This run against plain decoding. */
function againstPlain({ policy, drafter, plain }: RequestFigures, tokS: number, choices: number) {
  const plainTokS = policy === 'off' ? tokS || null : plain ? (choices * 1e6) / plain.us : null
  const plainIsBound = policy !== 'off' && plain?.isBound === true
  const speedup = plainTokS === null || tokS === 0 ? null : tokS / plainTokS
  return { policy, drafter, plainTokS, plainIsBound, speedup }
}

const mean = (values: readonly number[]): number | null =>
  ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  )

const complement = (share: number | null): number | null => (share === null ? null : 1 - share)

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
