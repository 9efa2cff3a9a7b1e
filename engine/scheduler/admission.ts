// Who may start, and go on after a pause: whoever came first, as soon as there is room for its text and some more, for it
// and for all that run. What is first is not overtaken, so it cannot starve; and when nobody runs it always fits, because
// no text is taken that does not fit alone.
import type { SequenceId } from '../domain.ts'
import { assert, TsinferError } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import { CHUNK_ROWS_MAX, CONTEXT_MAX, SEQUENCES_MAX } from '../limits.ts'
import type { Seeker } from './beginnings.ts'
import type { CellTransfers } from './cell-transfers.ts'
import type { GenerateWork, RequestId, SchedulerLimits, ScoreWork, SessionId, TextWork, Work } from './events.ts'
import {
  before,
  headroomEnd,
  noDrafts,
  promptOf,
  type RequestRecord,
  reachableLength,
  type Sequence,
  sharesCells,
} from './sequence.ts'

/** What decides whether work fits: a part of `SchedulerLimits`. */
type Room = Pick<SchedulerLimits, 'cells' | 'sequences' | 'contextLength'>

const evaluatedLength = (work: Work, contextLength: number): number =>
  work.kind === 'text' ? work.lengthMax : Math.max(work.prompt.length, reachableLength(work, contextLength) - 1)

const sequencesNeeded = (work: Work): number =>
  work.kind === 'generate' ? work.choices : work.kind === 'restore' ? 0 : 1

/**
 * Checks that the work can run at all, however long it waits. Throws `prompt_invalid`, `prompt_too_long`,
 * `option_invalid` or `out_of_memory`. The scheduler expects checked work.
 */
export function checkWork(work: Work, room: Room): void {
  const { contextLength, sequences, cells } = room
  const length = work.kind === 'text' ? work.lengthMax : work.prompt.length
  const fail = (code: ConstructorParameters<typeof TsinferError>[0], message: string): never => {
    throw new TsinferError(code, message)
  }
  if (length < 1) fail('prompt_invalid', 'expected a prompt of at least 1 token, found 0')
  if (length > contextLength) {
    fail('prompt_too_long', `expected a prompt of at most ${contextLength} tokens (the context), found ${length}`)
  }
  if (work.kind === 'score') {
    if (!Number.isInteger(work.from) || work.from < 0 || work.from >= length) {
      fail('option_invalid', `expected from in 0..${length - 1}, found ${work.from}`)
    }
  } else if (work.kind === 'generate') {
    if (!Number.isInteger(work.choices) || work.choices < 1 || work.choices > sequences) {
      fail('option_invalid', `expected choices in 1..${sequences} (the sequences loaded for), found ${work.choices}`)
    }
    if (!Number.isInteger(work.tokensMax) || work.tokensMax < 0) {
      fail('option_invalid', `expected a token limit of 0 or more, found ${work.tokensMax}`)
    }
  }
  const needed = evaluatedLength(work, contextLength)
  if (needed > cells) {
    fail('out_of_memory', `expected a text of at most ${cells} KV cells (the number loaded), found one of ${needed}`)
  }
}

/** A request that has not been admitted. */
interface Waiting<Kind extends Work = Work> {
  readonly request: RequestId
  readonly work: Kind
  readonly arrival: number
  session: SessionId | undefined
}

const seekerOf = (sequence: Sequence): Seeker => ({
  session: sequence.request.session,
  text: sequence.text,
  mayShare: sharesCells(sequence),
})

/** What a running sequence takes soon. */
const cellsToCome = (sequence: Sequence, headroom: number): number =>
  Math.max(0, headroomEnd(sequence, headroom) - Math.max(sequence.cells.length, sequence.expected))

type Admitted = GenerateWork | ScoreWork | TextWork

export class Admission {
  readonly #limits: SchedulerLimits
  readonly #cells: Cells
  readonly #transfers: CellTransfers
  readonly #freeIds: SequenceId[] = []
  readonly #queue: Waiting[] = []
  /** Those that came first are first. */
  readonly #paused: Sequence[] = []
  #arrivals = 0

  constructor(limits: SchedulerLimits, cells: Cells, transfers: CellTransfers) {
    assert(limits.sequences >= 1 && limits.sequences <= SEQUENCES_MAX, `${limits.sequences} sequences`)
    assert(limits.contextLength >= 1 && limits.contextLength <= CONTEXT_MAX, `context of ${limits.contextLength}`)
    assert(limits.chunkRows >= 1 && limits.chunkRows <= CHUNK_ROWS_MAX, `chunks of ${limits.chunkRows} rows`)
    assert(limits.stages >= 1 && limits.inFlightMax >= 1 && limits.headRowsMax >= 1, 'a limit of the pipeline is 0')
    this.#limits = limits
    this.#cells = cells
    this.#transfers = transfers
    for (let id = limits.sequences - 1; id >= 0; id--) this.#freeIds.push(id as SequenceId)
  }

  /** Requests that have not been admitted, and sequences that pause. */
  get waitingCount(): number {
    return this.#queue.length + this.#paused.length
  }
  get freeIds(): readonly SequenceId[] {
    return this.#freeIds
  }

  isWaiting(request: RequestId): boolean {
    return this.#queue.some((waiting) => waiting.request === request)
  }

  enqueue(request: RequestId, work: Work): void {
    checkWork(work, this.#limits)
    const session = 'session' in work ? work.session : undefined
    this.#queue.push({ request, work, arrival: this.#arrivals++, session })
  }

  /** Requests of the session that wait will run without one. */
  forget(session: SessionId): void {
    for (const waiting of this.#queue) if (waiting.session === session) waiting.session = undefined
  }

  /** Takes the request out of the queue; undefined when it does not wait. */
  withdraw(request: RequestId): Work | undefined {
    const index = this.#queue.findIndex((waiting) => waiting.request === request)
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0]!.work
  }

  /** The sequence has given its cells and its id back, and goes on when its turn comes. */
  pause(sequence: Sequence): void {
    this.#freeIds.push(sequence.id)
    this.#paused.push(sequence)
    this.#paused.sort(before)
  }

  /** The sequence has ended while it paused. */
  unpause(sequence: Sequence): void {
    this.#paused.splice(this.#paused.indexOf(sequence), 1)
  }

  /**
   * Whether there is room for the first in order. `running`: those that hold cells, or will without asking again. `saved`: how
   * many cells less a text needs because others have, or will have, its beginning.
   */
  canAdmit(running: readonly Sequence[], saved: (seeker: Seeker) => number): boolean {
    const paused = this.#nextPaused()
    if (paused) return this.#freeIds.length > 0 && this.#hasRoom(seekerOf(paused), paused, 1, running, saved)
    const [waiting] = this.#queue
    if (!waiting) return false
    const { work, session } = waiting
    const needed = sequencesNeeded(work)
    if (needed > this.#freeIds.length) return false
    if (work.kind === 'restore') return work.prompt.length <= this.#available
    const mayShare = work.kind !== 'generate' || work.cachePrompt !== false
    const evaluatedMax = evaluatedLength(work, this.#limits.contextLength)
    return this.#hasRoom({ session, text: promptOf(work), mayShare }, { evaluatedMax }, needed, running, saved)
  }

  /** Cells that are free, or as good as free. */
  get #available(): number {
    return this.#cells.freeCount + this.#cells.keptCount
  }

  #hasRoom(
    seeker: Seeker,
    { evaluatedMax }: Pick<Sequence, 'evaluatedMax'>,
    count: number,
    running: readonly Sequence[],
    saved: (seeker: Seeker) => number,
  ): boolean {
    const { headroom } = this.#limits
    const { length } = seeker.text
    const end = headroomEnd({ length, evaluatedMax }, headroom)
    // Alone it always fits, if need be without the others of its request.
    if (running.length === 0) return end <= this.#available || this.#transfers.live.size === 0
    const own = length - saved(seeker) + count * (end - length)
    return own + running.reduce((sum, sequence) => sum + cellsToCome(sequence, headroom), 0) <= this.#available
  }

  #nextPaused(): Sequence | undefined {
    const [paused] = this.#paused
    const [waiting] = this.#queue
    return paused && (!waiting || paused.request.arrival < waiting.arrival) ? paused : undefined
  }

  /** Takes the first in order: a sequence that pauses gets its id back, a request its sequences, a text to restore its cells. */
  admit(lastNumber: number): RequestRecord | Sequence | undefined {
    const paused = this.#nextPaused()
    if (paused) {
      this.#paused.shift()
      paused.id = this.#freeIds.pop()!
      return paused
    }
    const { work, ...waiting } = this.#queue.shift()!
    if (work.kind !== 'restore') return this.#record({ ...waiting, work })
    // It waits behind the newest micro-batch: see cell-transfers.ts.
    this.#transfers.reserve(waiting.request, waiting.session, work.prompt, lastNumber)
    return undefined
  }

  /** Admits a live text, with all cells it can need, if it fits now and takes nobody's turn. */
  admitText(request: RequestId, work: TextWork): RequestRecord | undefined {
    checkWork(work, this.#limits)
    const { freeCount, keptCount } = this.#cells
    if (this.waitingCount > 0 || this.#freeIds.length === 0 || work.lengthMax > freeCount + keptCount) return undefined
    return this.#record({ request, work, arrival: this.#arrivals++, session: undefined })
  }

  #record({ request: id, work, arrival, session }: Waiting<Admitted>): RequestRecord {
    const { contextLength } = this.#limits
    const prompt = promptOf(work)
    const liveCount = sequencesNeeded(work)
    const record: RequestRecord = {
      ...{ id, work, prompt, arrival, session, liveCount },
      sequences: [],
      reused: 0,
      nextScore: work.kind === 'score' ? work.from : 0,
      pauseCount: 0,
      isFaulty: false,
      inFlightCount: 0,
      drafts: noDrafts(),
    }
    for (let choice = 0; choice < liveCount; choice++) {
      record.sequences.push({
        id: this.#freeIds.pop()!,
        request: record,
        choice,
        cells: [],
        lengthMax: reachableLength(work, contextLength),
        evaluatedMax: evaluatedLength(work, contextLength),
        phase: work.kind === 'text' ? 'text' : 'prefill',
        length: prompt.length,
        committedLength: 0,
        token: prompt[prompt.length - 1] ?? -1,
        text: Array.from(prompt),
        isDecoding: false,
        expected: choice > 0 ? prompt.length : 0,
      })
    }
    return record
  }

  /**
   * Takes back the id of a sequence that has ended. It can be given away while dead rows are in flight: they may look up
   * cells of the new owner, but what they compute goes nowhere except into cells whose next owner writes them later.
   */
  discharge({ id }: Sequence): void {
    this.#freeIds.push(id)
  }
}
