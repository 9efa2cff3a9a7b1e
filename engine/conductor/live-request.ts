// One request while it runs in the conductor: its samplers, what may end its choices, and its figures.
import type { Constraints } from '../constraint/constraints.ts'
import type { GrammarConstraint } from '../constraint/grammar-constraint.ts'
import type { Position, TokenId } from '../domain.ts'
import { assert, TsinferError } from '../errors.ts'
import type { FromConductor, RequestFigures, ToConductor, TokenBytes } from '../messages.ts'
import type { ResultRow } from '../pipeline/pipeline.ts'
import type { Candidates } from '../sampling/candidates.ts'
import { headNeeded } from '../sampling/filters/index.ts'
import { Sampler } from '../sampling/sampler.ts'
import { compileStopStrings, StopWatch } from '../sampling/stop-strings.ts'
import type { DraftFigures, GenerateWork, RequestId, ScoreWork } from '../scheduler/events.ts'
import { reachableLength } from '../scheduler/sequence.ts'
import type { AutoReport } from '../speculation/auto/autopilot.ts'
import type { PlainStep } from '../speculation/auto/plain-pace.ts'
import type { DraftedChoice } from '../speculation/drafters/drafter.ts'
import { clockUs } from '../wire/clock.ts'
import { DrafterTime } from './drafter-time.ts'
import { figuresBetween, type PipelineMeter, type Reading } from './meter.ts'

type GenerateMessage = Extract<ToConductor, { kind: 'generate' }>
type ScoreMessage = Extract<ToConductor, { kind: 'score' | 'embed' }>
type ScoreReport = Extract<FromConductor, { kind: 'score' | 'embedding' }>

/** What others say of a request that is over. */
export interface Outcome {
  readonly drafts: DraftFigures
  readonly reused: number
  readonly auto: AutoReport | undefined
  readonly plain: PlainStep | undefined
  /** Who drafts. */
  readonly drafter: string
}

/** What the conductor shares with all its requests. */
export interface RequestContext {
  readonly vocabularySize: number
  readonly scratch: Candidates
  readonly tokenBytes: TokenBytes | undefined
  readonly meter: PipelineMeter
  /** Of the draft model's pipeline. */
  readonly draftMeter: PipelineMeter | undefined
  /** Absent for a model without a vocabulary. */
  readonly constraints: Constraints | undefined
  /** Positions of a sequence. */
  readonly contextLength: number
}

/** A sampled token; `ends`: it ends the choice; `shown`: it still belongs to the text. */
export interface Sampled {
  readonly token: TokenId
  readonly ends: boolean
  readonly shown: boolean
}

interface Choice {
  readonly sampler: Sampler
  readonly stopWatch: StopWatch | undefined
  readonly constraint: GrammarConstraint | undefined
  lastTokenMs: number
}

const NO_SUM = 'logits: expected a finite sum of their exponentials, found none'

export class LiveRequest {
  readonly work: GenerateWork | ScoreWork
  readonly #message: GenerateMessage | ScoreMessage
  readonly #stopTokens: ReadonlySet<TokenId>
  readonly #choices: readonly Choice[]
  readonly #gapsMs: number[] = []
  readonly #meter: PipelineMeter
  /** The pipeline at the submission, at the first and at the newest token. */
  readonly #readings: { readonly begun: Reading; readonly first: Reading; readonly last: Reading }
  readonly #stopsUs: number[] = []
  readonly #drafterUs: DrafterTime
  readonly #submittedMs: number
  #firstTokenMs = Number.NaN
  #lastTokenMs = Number.NaN
  #tokens = 0
  /** Of the embeddings so far. */
  readonly #sum: Float64Array

  /** Throws `option_invalid` for stop strings that cannot be watched for and constraints that cannot be kept. */
  constructor(message: GenerateMessage | ScoreMessage, context: RequestContext, nowMs: number) {
    this.#message = message
    this.#sum = new Float64Array(message.kind === 'embed' ? message.width : 0)
    this.#submittedMs = nowMs
    const { meter } = context
    this.#meter = meter
    this.#drafterUs = new DrafterTime(message.kind === 'generate' && message.draft ? context.draftMeter : undefined)
    this.#readings = { begun: meter.newReading(), first: meter.newReading(), last: meter.newReading() }
    meter.read(this.#readings.begun, clockUs())
    if (message.kind === 'generate') {
      const { prompt, choices, tokensMax, parameters, draft, session } = message
      const head = headNeeded(parameters, message.constraint !== undefined)
      const optional = { ...(draft ? { draft } : {}), ...(session === undefined ? {} : { session }) }
      this.work = { kind: 'generate', prompt, choices, tokensMax, head, ...optional }
      this.#stopTokens = new Set(message.stopTokens)
      const room = reachableLength(this.work, context.contextLength) - prompt.length
      this.#choices = createChoices(message, context, room)
    } else {
      const { prompt, from } = message
      this.work = { kind: 'score', prompt, from, head: message.kind === 'embed' ? 'embedding' : 'top' }
      this.#stopTokens = new Set()
      this.#choices = []
    }
  }

  /** Draws the token of `position` and makes it final. Throws `option_invalid` where no token is allowed. */
  sample(choice: number, row: ResultRow, position: Position): Sampled {
    const { sampler, stopWatch, constraint } = this.#choices[choice]!
    const token = sampler.sample(row, row.full, position, constraint)
    if (this.#stopTokens.has(token)) return { token, ends: true, shown: false }
    sampler.accept(token)
    const isComplete = constraint?.accept(token) === 'stop'
    return { token, ends: stopWatch?.accept(token) === 'stop' || isComplete, shown: true }
  }

  /** What a drafter is told of each choice; empty for a request that does not speculate. */
  draftedChoices(contextLength: number): DraftedChoice[] {
    const message = this.#message
    if (message.kind !== 'generate' || !message.draft) return []
    const { request, prompt, parameters } = message
    const lengthMax = reachableLength(this.work, contextLength)
    const common = { request, prompt, parameters, lengthMax, stopTokens: this.#stopTokens }
    return this.#choices.map((_, choice) => ({ ...common, choice }))
  }

  get choiceCount(): number {
    return this.#choices.length
  }

  /** Notes that a token went to the user. */
  noteToken(choice: number, nowMs: number): void {
    const of = this.#choices[choice]!
    const { first, last } = this.#readings
    if (!Number.isNaN(of.lastTokenMs)) {
      this.#gapsMs.push(nowMs - of.lastTokenMs)
      this.#meter.token()
    }
    this.#meter.read(last, clockUs())
    if (this.#tokens++ === 0) {
      this.#firstTokenMs = nowMs
      this.#meter.read(first, last.atUs)
      this.#drafterUs.begin(last.atUs)
    }
    of.lastTokenMs = nowMs
    this.#lastTokenMs = nowMs
  }

  /** The drafter worked so long on a question before it returned. */
  noteDrafting(us: number): void {
    this.#drafterUs.add(us)
  }

  /** Notes how long a stage went on with a micro-batch after all its rows had been cancelled. */
  noteStop(us: number): void {
    this.#stopsUs.push(us)
  }

  /** What a scored row says of `position`; of an embedding, all at the last position. Copied out of the stage's memory. */
  report(request: RequestId, row: ResultRow, position: Position): ScoreReport | undefined {
    const message = this.#message
    assert(message.kind !== 'generate', 'a generated row is judged, not scored')
    const { prompt } = message
    if (message.kind === 'score') {
      if (!Number.isFinite(row.logsumexp)) throw new TsinferError('logits_infinite', NO_SUM)
      const { top } = message
      const next = prompt[position + 1]
      const [ids, logits] = [row.ids.slice(0, top), row.logits.slice(0, top)]
      const nextLogit = next === undefined ? Number.NaN : row.full()[next]!
      return { kind: 'score', request, row: { position, ids, logits, logsumexp: row.logsumexp, nextLogit } }
    }
    const { from, width } = message
    const embedding = row.full(width)
    for (let i = 0; i < width; i++) this.#sum[i]! += embedding[i]!
    if (position < prompt.length - 1) return undefined
    const values = Float32Array.from(this.#sum, (sum) => sum / (prompt.length - from))
    return { kind: 'embedding', request, values }
  }

  figures(nowMs: number, { drafts, reused, auto, plain, drafter }: Outcome): RequestFigures {
    const { begun, first, last } = this.#readings
    const draft = this.#message.kind === 'generate' ? this.#message.draft : undefined
    return {
      drafts,
      reused,
      auto,
      policy: draft?.policy ?? 'off',
      drafter: draft ? drafter : null,
      drafterUs: this.#drafterUs.total(),
      plain,
      submittedMs: this.#submittedMs,
      firstTokenMs: this.#firstTokenMs,
      lastTokenMs: this.#lastTokenMs,
      endedMs: nowMs,
      tokens: this.#tokens,
      gapsMs: Float64Array.from(this.#gapsMs).sort(),
      whole: figuresBetween(begun, last),
      decode: figuresBetween(first, last),
      stopsUs: Float64Array.from(this.#stopsUs).sort(),
    }
  }
}

/** `room`: tokens that a choice can get. */
function createChoices(message: GenerateMessage, context: RequestContext, room: number): Choice[] {
  const { parameters, prompt, stopStrings, stopTokens, constraint } = message
  const { vocabularySize, scratch, tokenBytes, constraints } = context
  const automaton = stopStrings.length > 0 ? compileStopStrings(stopStrings) : undefined
  if (automaton && !tokenBytes) {
    throw new TsinferError('option_invalid', 'stop: expected a model with a vocabulary, found one without')
  }
  if (constraint && !constraints) {
    throw new TsinferError('option_invalid', 'responseFormat: expected a model with a vocabulary, found one without')
  }
  return Array.from({ length: message.choices }, (_, choice) => ({
    sampler: new Sampler(parameters, choice, vocabularySize, scratch, prompt),
    stopWatch: automaton && tokenBytes && new StopWatch(automaton, tokenBytes),
    // A prompt that leaves less than no room is refused by the scheduler.
    constraint: constraint && room >= 0 ? constraints?.create(constraint, room, stopTokens) : undefined,
    lastTokenMs: Number.NaN,
  }))
}
