// The draft model's pipeline, driven by the conductor: the same stages as the target's, with cells and a cell table of
// its own. It answers questions of the scheduler about what follows a text.
//
// Each choice of a request is a timeline of tokens that have been submitted. A question is a text; what the timeline
// shares with it is kept, the rest is submitted in chunks, each after the one before (the FIFO law), so that a branch is
// left by overwriting its cells. When a question is withdrawn, its chunks of assumed tokens are cancelled, and only they:
// what is certain will be needed by the next question.
import type { MessagePort } from 'node:worker_threads'
import { type ConductorTrace, DRAFTER } from './conductor-trace.ts'
import type { CellIndex, MicroBatchNumber, Row, SequenceId, TokenId } from './domain.ts'
import { assert } from './errors.ts'
import { Cells } from './kv/cells.ts'
import type { ModelPlan } from './model/plan.ts'
import { clockUs } from './pipeline/clock.ts'
import { encodeMicroBatch, setSentUs } from './pipeline/codec.ts'
import type { ControlLayout } from './pipeline/control.ts'
import { ALL_ALIVE, armMask, clearMask } from './pipeline/masks.ts'
import { handOutMemories } from './pipeline/memories.ts'
import { type ResultRow, Results } from './pipeline/results.ts'
import { Ring } from './pipeline/ring.ts'
import type { DraftNumber } from './scheduler/events.ts'

/** What the conductor knows of a pipeline. */
export interface PipelinePart {
  readonly words: ControlLayout
  readonly plan: ModelPlan
  readonly vocabularySize: number
  /** Where its lanes, [stage][lane], wait for their memories. */
  readonly lanePorts: readonly (readonly MessagePort[])[]
}

/** A text whose continuation is asked for. */
export interface DraftQuestion {
  readonly draft: DraftNumber
  /** Names the choice. */
  readonly timeline: string
  /** Certain tokens. */
  readonly certain: ArrayLike<TokenId>
  /** Of these so many count. */
  readonly length: number
  readonly assumed: readonly TokenId[]
  /** Most positions the choice can reach. */
  readonly lengthMax: number
}

interface Timeline {
  readonly sequence: SequenceId
  /** Cell of every position. */
  readonly cells: CellIndex[]
  /** Submitted tokens. */
  readonly tokens: TokenId[]
  /** Of these so many are known to be the choice's certain text. */
  agreed: number
}

/** Consecutive tokens of a timeline on their way. */
interface Chunk {
  number: MicroBatchNumber
  readonly timeline: Timeline
  readonly from: number
  readonly tokens: readonly TokenId[]
  /** Tokens from here on are assumed. */
  readonly certainEnd: number
  /** The question its last row answers. */
  draft: DraftNumber | undefined
}

/** Takes the result behind the last token of a question, or nothing where there is none. */
export type TakeAnswer = (draft: DraftNumber, row: ResultRow | undefined) => void

export class DraftPipeline {
  readonly #control: Int32Array
  readonly #part: PipelinePart
  readonly #memories: readonly Int32Array[]
  readonly #input: Ring
  readonly #results: Results
  readonly #cells: Cells
  readonly #freeSequences: SequenceId[] = []
  readonly #timelines = new Map<string, Timeline>()
  readonly #waiting: Chunk[] = []
  readonly #inFlight: Chunk[] = []
  readonly #answer: TakeAnswer
  readonly #trace: ConductorTrace | undefined
  #nextNumber = 0

  constructor(control: Int32Array, part: PipelinePart, answer: TakeAnswer, trace: ConductorTrace | undefined) {
    const { words, plan, lanePorts, vocabularySize } = part
    const { stages, sizes } = plan
    const memories = handOutMemories(stages, lanePorts)
    this.#control = control
    this.#part = part
    this.#answer = answer
    this.#trace = trace
    this.#memories = memories.map((buffer) => new Int32Array(buffer))
    const { rings, stageBells, conductorBell } = words
    this.#input = new Ring(control, rings[0]!, stages[0]!.range.inputSlots, conductorBell, stageBells[0]!)
    this.#results = new Results(control, words, stages.at(-1)!, memories.at(-1)!, vocabularySize)
    this.#cells = new Cells(sizes.cells)
    for (let id = sizes.sequences - 1; id >= 0; id--) this.#freeSequences.push(id as SequenceId)
  }

  /** Takes on a question. False where it cannot be answered: no room for the choice, or a token the model does not know. */
  ask(question: DraftQuestion): boolean {
    const { draft, certain, length, assumed } = question
    const timeline = this.#timelines.get(question.timeline) ?? this.#open(question)
    const total = length + assumed.length
    if (!timeline || total > timeline.cells.length) return false
    const tokenAt = (position: number) => (position < length ? certain[position]! : assumed[position - length]!)
    const { tokens } = timeline
    let same = timeline.agreed
    while (same < tokens.length && same < total && tokens[same] === tokenAt(same)) same++
    timeline.agreed = Math.min(same, length)
    // The last token is evaluated again if need be: its result is what is asked for.
    const from = Math.min(same, total - 1)
    const missing = Array.from({ length: total - from }, (_, i) => tokenAt(from + i))
    if (missing.some((token) => token >= this.#part.vocabularySize)) return false
    tokens.length = from
    for (const token of missing) tokens.push(token)
    this.#enqueue(timeline, from, missing, length, draft)
    this.#submitWaiting()
    return true
  }

  #enqueue(timeline: Timeline, from: number, tokens: readonly TokenId[], certainEnd: number, draft: number): void {
    const { chunkRows } = this.#part.plan.sizes
    const base = { number: -1 as MicroBatchNumber, timeline, certainEnd }
    for (let at = 0; at < tokens.length; at += chunkRows) {
      const piece = tokens.slice(at, at + chunkRows)
      const isLast = at + chunkRows >= tokens.length
      this.#waiting.push({ ...base, from: from + at, tokens: piece, draft: isLast ? draft : undefined })
    }
  }

  /** The answer to this question is of no use any more. */
  withdraw(draft: DraftNumber): void {
    const chunk = [...this.#inFlight, ...this.#waiting].find((other) => other.draft === draft)
    if (!chunk) return
    chunk.draft = undefined
    const { timeline, from, tokens, certainEnd } = chunk
    if (from + tokens.length > certainEnd) this.#cancelFrom(timeline, chunk)
  }

  /** Cancels a chunk and those behind it of the same timeline: their cells are not, or not reliably, written. */
  #cancelFrom(timeline: Timeline, first: Chunk): void {
    timeline.tokens.length = Math.min(timeline.tokens.length, first.from)
    timeline.agreed = Math.min(timeline.agreed, first.from)
    let isBehind = false
    for (const chunk of this.#inFlight) {
      isBehind ||= chunk === first
      if (isBehind && chunk.timeline === timeline) this.#cancel(chunk)
    }
    const index = this.#waiting.indexOf(first)
    for (let at = this.#waiting.length - 1; at >= Math.max(index, 0); at--) {
      if (this.#waiting[at]!.timeline === timeline) this.#waiting.splice(at, 1)
    }
  }

  #cancel(chunk: Chunk): void {
    chunk.draft = undefined
    const nowUs = clockUs()
    clearMask(this.#control, this.#part.words.masks, chunk.number, ALL_ALIVE)
    this.#trace?.cancelled(DRAFTER, chunk.number, ALL_ALIVE, 0, nowUs)
  }

  /** The choice has ended. */
  end(name: string): void {
    const timeline = this.#timelines.get(name)
    if (!timeline) return
    this.#timelines.delete(name)
    for (const chunk of this.#inFlight) if (chunk.timeline === timeline) this.#cancel(chunk)
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      if (this.#waiting[at]!.timeline === timeline) this.#waiting.splice(at, 1)
    }
    this.#cells.release(timeline.cells)
    this.#freeSequences.push(timeline.sequence)
  }

  #open({ timeline: name, lengthMax }: DraftQuestion): Timeline | undefined {
    const { stages, sizes } = this.#part.plan
    const length = Math.min(lengthMax, sizes.contextLength)
    if (this.#freeSequences.length === 0 || this.#cells.freeCount < length) return undefined
    const sequence = this.#freeSequences.pop()!
    const timeline: Timeline = { sequence, cells: [], tokens: [], agreed: 0 }
    this.#cells.allocate(length, timeline.cells)
    stages.forEach(({ cellTable }, stage) => {
      this.#memories[stage]!.set(timeline.cells, (cellTable >>> 2) + sequence * sizes.contextLength)
    })
    this.#timelines.set(name, timeline)
    return timeline
  }

  #submitWaiting(): void {
    const { plan, words } = this.#part
    const { address, stride } = plan.stages[0]!.input
    while (this.#waiting.length > 0 && this.#inFlight.length < plan.inFlightMax) {
      const chunk = this.#waiting.shift()!
      const number = this.#nextNumber++ as MicroBatchNumber
      chunk.number = number
      const slot = this.#input.reserve()
      assert(slot >= 0, 'the first ring of the draft model holds all micro-batches in flight')
      const rows = chunkRows(chunk)
      const record = (address + slot * stride) >>> 2
      const microBatch = { number, kind: 'chunk', rows } as const
      const sentUs = clockUs()
      encodeMicroBatch(this.#memories[0]!, record, microBatch)
      setSentUs(this.#memories[0]!, record, sentUs)
      armMask(this.#control, words.masks, number, rows.length)
      this.#input.publish()
      this.#inFlight.push(chunk)
      this.#trace?.submittedDraft(microBatch, chunk.draft, sentUs)
    }
  }

  /** Takes what has left the pipeline. Returns whether there was anything. */
  collect(): boolean {
    let collected = false
    for (;;) {
      const number = this.#results.open()
      if (number === undefined) return collected
      collected = true
      this.#trace?.returned(DRAFTER, number)
      const chunk = this.#inFlight.shift()!
      assert(chunk.number === number, `draft micro-batch ${number} returned, ${chunk.number} is the oldest in flight`)
      this.#submitWaiting()
      const { draft, tokens } = chunk
      if (draft !== undefined) {
        const last = tokens.length - 1
        this.#answer(draft, this.#results.nanCount(last) > 0 ? undefined : this.#results.row(last))
      }
      this.#results.release()
    }
  }
}

const NO_CELLS: readonly CellIndex[] = []

function chunkRows({ timeline, from, tokens, draft }: Chunk): Row[] {
  return tokens.map((token, i): Row => {
    const position = from + i
    const head = draft !== undefined && i === tokens.length - 1 ? 'top' : 'none'
    return {
      token,
      sequence: timeline.sequence,
      position,
      cell: timeline.cells[position]!,
      committedLength: position + 1,
      ancestors: NO_CELLS,
      head,
    }
  })
}
