// Which requests may start: first come, first served, and only when the worst case of the whole request fits, so that
// one under way never waits for cells. A large request at the head of the queue is not overtaken, so it cannot starve.
import type { CellIndex, SequenceId } from '../domain.ts'
import { assert, TsinferError } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import { CHUNK_ROWS_MAX, CONTEXT_MAX, SEQUENCES_MAX } from '../limits.ts'
import type { GenerateWork, RequestId, SchedulerLimits, ScoreWork, SessionId, TextWork, Work } from './events.ts'
import { noDrafts, promptOf, type RequestRecord, reachableLength, type Sequence } from './sequence.ts'
import type { Sessions } from './sessions.ts'

/** What decides whether work fits: a part of `SchedulerLimits`. */
type Room = Pick<SchedulerLimits, 'cells' | 'sequences' | 'contextLength'>

/** Positions whose rows are evaluated: the prompt's, and every generated token's but the last of a full sequence. */
function evaluatedLength(work: Work, contextLength: number): number {
  if (work.kind === 'text') return work.lengthMax
  return Math.max(work.prompt.length, reachableLength(work, contextLength) - 1)
}

const sequencesNeeded = (work: Work): number =>
  work.kind === 'generate' ? work.choices : work.kind === 'restore' ? 0 : 1

/** KV cells that the request occupies while it runs: the prompt's once, the rest per choice. */
function cellsNeeded(work: Work, contextLength: number): number {
  const { length } = promptOf(work)
  return length + sequencesNeeded(work) * (evaluatedLength(work, contextLength) - length)
}

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
  const needed = cellsNeeded(work, contextLength)
  if (needed > cells) {
    fail('out_of_memory', `expected a request of at most ${cells} KV cells (the number loaded), found one of ${needed}`)
  }
}

interface Waiting<Kind extends Work = Work> {
  readonly request: RequestId
  readonly work: Kind
  session: SessionId | undefined
}

export class Admission {
  readonly #limits: SchedulerLimits
  readonly #cells: Cells
  readonly #sessions: Sessions
  readonly #freeIds: SequenceId[] = []
  readonly #queue: Waiting[] = []

  constructor(limits: SchedulerLimits, cells: Cells, sessions: Sessions) {
    assert(limits.sequences >= 1 && limits.sequences <= SEQUENCES_MAX, `${limits.sequences} sequences`)
    assert(limits.contextLength >= 1 && limits.contextLength <= CONTEXT_MAX, `context of ${limits.contextLength}`)
    assert(limits.chunkRows >= 1 && limits.chunkRows <= CHUNK_ROWS_MAX, `chunks of ${limits.chunkRows} rows`)
    assert(limits.stages >= 1 && limits.inFlightMax >= 1 && limits.headRowsMax >= 1, 'a limit of the pipeline is 0')
    this.#limits = limits
    this.#cells = cells
    this.#sessions = sessions
    for (let id = limits.sequences - 1; id >= 0; id--) this.#freeIds.push(id as SequenceId)
  }

  get waitingCount(): number {
    return this.#queue.length
  }
  get freeIds(): readonly SequenceId[] {
    return this.#freeIds
  }

  isWaiting(request: RequestId): boolean {
    return this.#queue.some((waiting) => waiting.request === request)
  }

  enqueue(request: RequestId, work: Work): void {
    checkWork(work, this.#limits)
    this.#queue.push({ request, work, session: 'session' in work ? work.session : undefined })
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

  /** Whether the request at the head of the queue fits now. */
  canAdmit(): boolean {
    const next = this.#queue[0]
    return next !== undefined && this.#fits(next.work)
  }

  /** Admits a live text if it fits now and takes nobody's turn. */
  admitText(request: RequestId, work: TextWork): RequestRecord | undefined {
    checkWork(work, this.#limits)
    if (this.#queue.length > 0 || !this.#fits(work)) return undefined
    return this.#record({ request, work, session: undefined })
  }

  #fits(work: Work): boolean {
    return (
      sequencesNeeded(work) <= this.#freeIds.length &&
      cellsNeeded(work, this.#limits.contextLength) <= this.#cells.freeCount + this.#sessions.cellCount
    )
  }

  /**
   * Admits the request at the head of the queue, with all cells it can ever need. A restored text waits behind
   * `lastNumber`, the newest micro-batch: see sessions.ts.
   */
  admit(lastNumber: number): RequestRecord | undefined {
    const { request, work, session } = this.#queue.shift()!
    if (work.kind !== 'restore') return this.#record({ request, work, session })
    this.#sessions.reserve(request, session, work.prompt, lastNumber)
    return undefined
  }

  #record({ request: id, work, session }: Waiting<GenerateWork | ScoreWork | TextWork>): RequestRecord {
    const { contextLength } = this.#limits
    const prompt = promptOf(work)
    const evaluated = evaluatedLength(work, contextLength)
    const liveCount = sequencesNeeded(work)
    // The last token is evaluated in any case: its result tells the next one.
    const promptCells: CellIndex[] =
      session === undefined ? [] : this.#sessions.takeBeginning(session, prompt, prompt.length - 1)
    const reused = promptCells.length
    this.#sessions.makeRoom(cellsNeeded(work, contextLength) - reused)
    this.#cells.allocate(prompt.length - reused, promptCells)
    const record: RequestRecord = {
      ...{ id, work, prompt, session, reused, liveCount },
      sequences: [],
      prefilled: reused,
      inFlightCount: 0,
      drafts: noDrafts(),
    }
    for (let choice = 0; choice < liveCount; choice++) {
      const cells = promptCells.slice()
      if (choice > 0) this.#cells.share(promptCells, promptCells.length)
      this.#cells.allocate(evaluated - promptCells.length, cells)
      record.sequences.push({
        id: this.#freeIds.pop()!,
        request: record,
        choice,
        cells,
        lengthMax: reachableLength(work, contextLength),
        phase: work.kind === 'text' ? 'text' : 'prefill',
        length: prompt.length,
        committedLength: reused,
        token: prompt[prompt.length - 1] ?? -1,
        text: session === undefined ? undefined : Array.from(prompt),
      })
    }
    return record
  }

  /**
   * Takes back what an ended sequence held. Its id can be given away while dead rows are in flight: they may look up
   * cells of the new owner, but what they compute goes nowhere except into cells whose next owner writes them later.
   * The session of a request that is over keeps the first `writtenLength` tokens.
   */
  discharge({ id, request, cells, text }: Sequence, writtenLength: number): void {
    const { session, liveCount } = request
    const isKept = session !== undefined && text !== undefined && liveCount === 0
    const keptLength = isKept ? writtenLength : 0
    this.#cells.release(cells.slice(keptLength))
    if (isKept) this.#sessions.keep(session, { tokens: text.slice(0, keptLength), cells: cells.slice(0, keptLength) })
    this.#freeIds.push(id)
  }
}
