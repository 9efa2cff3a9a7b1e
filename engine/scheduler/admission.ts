// Who may start, and go on after a pause: whoever is next, as soon as there is room for its text and some more, for it and for
// all that run. Those that pause go on in order (sequence.ts) before anybody begins; among those that have not begun clients
// take turns (turns.ts). Interactive requests go before batch requests, of which every now and then the first counts as
// interactive: so many interactive ones later it does, whoever comes.
//
// Nobody starves: who is next is not overtaken, and when nobody runs it always fits, because no text is taken that does not
// fit alone. While the k-th interactive request of a client waits, no other client gets more than k in; and while the k-th
// batch request of all waits, no more than k times `BATCH_TURN` - 1 interactive ones get in.
import type { ClientId, Priority, SequenceId } from '../domain.ts'
import { assert, TsinferError } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import { CHUNK_ROWS_MAX, CONTEXT_MAX, SEQUENCES_MAX } from '../limits.ts'
import { type Seeker, shownTo } from './beginnings.ts'
import type { CellTransfers } from './cell-transfers.ts'
import type { GenerateWork, RequestId, SchedulerLimits, ScoreWork, SessionId, TextWork, Work } from './events.ts'
import { Headroom } from './headroom.ts'
import { before, evaluatedFrom, headroomEnd, noDrafts, type RequestRecord, type Sequence } from './sequence.ts'
import { scopeOf } from './text-index.ts'
import { BATCH_TURN, Turns } from './turns.ts'
import { checkWork, clientOf, evaluatedLength, priorityOf, promptOf, reachableLength, sequencesNeeded } from './work.ts'

/** A request that has not been admitted. */
interface Waiting<Kind extends Work = Work> {
  readonly request: RequestId
  readonly work: Kind
  readonly client: ClientId
  session: SessionId | undefined
}

const seekerOf = (sequence: Sequence): Seeker => ({
  owner: sequence,
  scope: shownTo(sequence),
  text: sequence.text,
  end: evaluatedFrom(sequence),
})

/** What a running sequence takes soon. */
const cellsToCome = (sequence: Sequence, headroom: number): number =>
  Math.max(0, headroomEnd(sequence, headroom) - Math.max(sequence.cells.length, sequence.expected))

/** What decides whether the next can be admitted. */
export interface Around {
  /** Those that hold cells, or will without asking again. */
  readonly running: readonly Sequence[]
  /** How many cells less a text needs because others have, or will have, its beginning. */
  readonly saved: (seeker: Seeker) => number
  /** Cells that there might be besides. */
  readonly more?: number
}

type Admitted = GenerateWork | ScoreWork | TextWork

export class Admission {
  readonly #limits: SchedulerLimits
  readonly #cells: Cells
  readonly #transfers: CellTransfers
  readonly #requests: ReadonlyMap<RequestId, RequestRecord>
  readonly #freeIds: SequenceId[] = []
  readonly #waiting = new Map<RequestId, Waiting>()
  readonly #turns = { interactive: new Turns<Waiting>(), batch: new Turns<Waiting>() }
  /** A batch request that is the next of all. */
  #due: Waiting | undefined
  /** Interactive requests that were admitted since the last turn of a batch one. */
  #passedOver = 0
  /** In order. */
  readonly #paused: Sequence[] = []
  #nextOrder = 0
  readonly #headroom: Headroom

  constructor(
    limits: SchedulerLimits,
    cells: Cells,
    transfers: CellTransfers,
    requests: ReadonlyMap<RequestId, RequestRecord>,
  ) {
    assert(limits.sequences >= 1 && limits.sequences <= SEQUENCES_MAX, `${limits.sequences} sequences`)
    assert(limits.contextLength >= 1 && limits.contextLength <= CONTEXT_MAX, `context of ${limits.contextLength}`)
    assert(limits.chunkRows >= 1 && limits.chunkRows <= CHUNK_ROWS_MAX, `chunks of ${limits.chunkRows} rows`)
    assert(limits.stages >= 1 && limits.inFlightMax >= 1 && limits.headRowsMax >= 1, 'a limit of the pipeline is 0')
    this.#limits = limits
    this.#headroom = new Headroom(limits)
    this.#cells = cells
    this.#transfers = transfers
    this.#requests = requests
    for (let id = limits.sequences - 1; id >= 0; id--) this.#freeIds.push(id as SequenceId)
  }

  /** Requests that have not been admitted, and sequences that pause. */
  get waitingCount(): number {
    return this.#waiting.size + this.#paused.length
  }
  get freeIds(): readonly SequenceId[] {
    return this.#freeIds
  }

  isWaiting(request: RequestId): boolean {
    return this.#waiting.has(request)
  }

  /** Throws for work that can never run, and `queue_full` where too many wait already. */
  enqueue(request: RequestId, work: Work): void {
    checkWork(work, this.#limits)
    const { queueMax } = this.#limits
    const { size } = this.#waiting
    if (queueMax !== undefined && size >= queueMax) {
      throw new TsinferError('queue_full', `expected fewer than ${queueMax} requests waiting (queueMax), found ${size}`)
    }
    const session = 'session' in work ? work.session : undefined
    const waiting = { request, work, session, client: clientOf(work) }
    this.#waiting.set(request, waiting)
    this.#turns[priorityOf(work)].add(waiting)
  }

  /** Requests of the session that wait will run without one. */
  forget(session: SessionId): void {
    for (const waiting of this.#waiting.values()) if (waiting.session === session) waiting.session = undefined
  }

  /** Takes the request out of the queue; undefined when it does not wait. */
  withdraw(request: RequestId): Work | undefined {
    const waiting = this.#waiting.get(request)
    if (!waiting) return undefined
    this.#waiting.delete(request)
    if (waiting === this.#due) this.#due = undefined
    else this.#turns[priorityOf(waiting.work)].remove(waiting)
    return waiting.work
  }

  /** The sequence has given its cells and its id back, and goes on when its turn comes. */
  pause(sequence: Sequence): void {
    this.#noteEvaluated(sequence)
    this.#headroom.lost(sequence.evaluatedLength)
    this.#freeIds.push(sequence.id)
    this.#paused.push(sequence)
    this.#paused.sort(before)
  }

  /** The sequence has ended while it paused. */
  unpause(sequence: Sequence): void {
    this.#paused.splice(this.#paused.indexOf(sequence), 1)
    this.#headroom.foundAgain(sequence.evaluatedLength)
  }

  /** Those that pause come before those that have not begun, interactive ones before batch ones. */
  get #next(): Sequence | Waiting | undefined {
    const [paused] = this.#paused
    const { interactive, batch } = this.#turns
    if (paused?.request.priority === 'interactive') return paused
    return this.#due ?? interactive.first ?? paused ?? batch.first
  }

  /** The sequence has begun or goes on, with what others had of its text: of what a pause took from it that is not lost. */
  noteShared(sequence: Sequence): void {
    const { evaluatedLength: had, committedLength } = sequence
    this.#headroom.foundAgain(Math.min(had, committedLength))
    sequence.evaluatedLength = Math.max(had, committedLength)
  }

  #noteEvaluated(sequence: Sequence): void {
    const { evaluatedLength: had, committedLength } = sequence
    this.#headroom.evaluated(Math.max(0, committedLength - had))
    sequence.evaluatedLength = Math.max(had, committedLength)
  }

  /** Whether there is room for who is next. */
  canAdmit(around: Around): boolean {
    const next = this.#next
    if (!next) return false
    if ('cells' in next) return this.#freeIds.length > 0 && this.#hasRoom(seekerOf(next), next, 1, around)
    const { work } = next
    const needed = sequencesNeeded(work)
    if (needed > this.#freeIds.length) return false
    if (work.kind === 'restore') return work.prompt.length <= this.#available + (around.more ?? 0)
    const text = promptOf(work)
    const end = work.kind === 'score' ? work.from : text.length - 1
    const evaluatedMax = evaluatedLength(work, this.#limits.contextLength)
    return this.#hasRoom({ owner: next, scope: scopeOf(work), text, end }, { evaluatedMax }, needed, around)
  }

  /** Cells that are free, or as good as free. */
  get #available(): number {
    return this.#cells.freeCount + this.#cells.keptCount
  }

  #hasRoom(
    seeker: Seeker,
    { evaluatedMax }: Pick<Sequence, 'evaluatedMax'>,
    count: number,
    { running, saved, more = 0 }: Around,
  ): boolean {
    const headroom = this.#headroom.tokens
    const available = this.#available + more
    const { length } = seeker.text
    const end = headroomEnd({ length, evaluatedMax }, headroom)
    // Alone it always fits, if need be without the others of its request.
    if (running.length === 0) return end <= available || this.#transfers.live.size === 0
    const own = length - saved(seeker) + count * (end - length)
    return own + running.reduce((sum, sequence) => sum + cellsToCome(sequence, headroom), 0) <= available
  }

  /** Takes who is next: a sequence that pauses gets its id back, a request its sequences, a text to restore its cells. */
  admit(lastNumber: number): RequestRecord | Sequence | undefined {
    const next = this.#next
    assert(next, 'nobody waits')
    if ('cells' in next) {
      this.#paused.shift()
      next.id = this.#freeIds.pop()!
      return next
    }
    const { request, work, session } = next
    const isDue = next === this.#due
    const priority = isDue ? 'interactive' : priorityOf(work)
    this.#waiting.delete(request)
    if (isDue) this.#due = undefined
    else this.#turns[priority].take(next)
    if (!isDue && priority === 'interactive') this.#passOver()
    if (work.kind !== 'restore') return this.#record({ ...next, work }, priority)
    // It waits behind the newest micro-batch: see cell-transfers.ts.
    this.#transfers.reserve({ request, session, scope: scopeOf(work), tokens: work.prompt, behind: lastNumber })
    return undefined
  }

  /** An interactive request has got a place. Now and then the first batch request counts as interactive for that. */
  #passOver(): void {
    const running = this.#firstBatch()
    const waiting = this.#turns.batch.first
    this.#passedOver = running || waiting ? this.#passedOver + 1 : 0
    if (this.#passedOver < BATCH_TURN - 1) return
    this.#passedOver = 0
    if (running) {
      running.priority = 'interactive'
      running.order = this.#nextOrder++
      this.#paused.sort(before)
    } else if (waiting) {
      this.#turns.batch.take(waiting)
      this.#due = waiting
    }
  }

  /** The first batch request that has been admitted. */
  #firstBatch(): RequestRecord | undefined {
    let first: RequestRecord | undefined
    for (const request of this.#requests.values()) {
      if (request.priority === 'interactive' || request.liveCount === 0) continue
      if (!first || request.order < first.order) first = request
    }
    return first
  }

  /** Admits a live text, with all cells it can need, if it fits now and takes nobody's turn. */
  admitText(request: RequestId, work: TextWork): RequestRecord | undefined {
    checkWork(work, this.#limits)
    const { freeCount, keptCount } = this.#cells
    if (this.waitingCount > 0 || this.#freeIds.length === 0 || work.lengthMax > freeCount + keptCount) return undefined
    return this.#record({ request, work, session: undefined, client: 0 }, 'interactive')
  }

  #record({ request: id, work, session, client }: Waiting<Admitted>, priority: Priority): RequestRecord {
    const { contextLength } = this.#limits
    const prompt = promptOf(work)
    const liveCount = sequencesNeeded(work)
    const record: RequestRecord = {
      ...{ id, work, prompt, client, priority, session, liveCount },
      order: this.#nextOrder++,
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
        evaluatedLength: 0,
        token: prompt[prompt.length - 1] ?? -1,
        text: Array.from(prompt),
        isDecoding: false,
        expected: choice > 0 ? prompt.length : 0,
        indexed: undefined,
      })
    }
    return record
  }

  /**
   * Takes back the id of a sequence that has ended. It can be given away while dead rows are in flight: they may look up
   * cells of the new owner, but what they compute goes nowhere except into cells whose next owner writes them later.
   */
  discharge(sequence: Sequence): void {
    this.#noteEvaluated(sequence)
    this.#freeIds.push(sequence.id)
  }
}
