// The scheduler: sans-IO, deterministic, integers only; what speculation costs is forecast behind a wall (advisor.ts). It
// lives on the conductor thread, which feeds it events with `handle` and performs what `poll` returns until IDLE.
// Questions about a returned micro-batch come first, so that the next one knows all answers; then that one, so that
// stages do not wait while the user is told; then the rest of the news. The news of one answer always precede the next
// question.
import type { MicroBatchNumber } from '../domain.ts'
import { assert } from '../errors.ts'
import type { KeptStats } from '../public/info.ts'
import type { Advisor } from '../speculation/advisor.ts'
import type { StepPrices } from '../speculation/prices.ts'
import { ActionQueue } from './action-queue.ts'
import { Advised } from './advised.ts'
import type {
  FinishReason,
  RequestId,
  SchedulerAction,
  SchedulerEvent,
  SchedulerLimits,
  TextWork,
  Work,
} from './events.ts'
import { IDLE } from './events.ts'
import { Growth } from './growth.ts'
import type { Verdict } from './judging.ts'
import type { Planner } from './planner.ts'
import { PRICES_BY_ROWS } from './prompt-room.ts'
import type { Flight } from './run.ts'
import { noDrafts, type RequestRecord, type Sequence } from './sequence.ts'
import { Sessions } from './sessions.ts'
import { speculative } from './speculative.ts'
import { around, createState, type SchedulerState } from './state.ts'
import { Submitting } from './submitting.ts'
import { WithdrawnNews } from './withdrawn-news.ts'

/** Whom the scheduler asks. */
export interface Consulted {
  /** For sequences that leave it to him how they speculate; without him they decode plainly. */
  readonly advisor?: Advisor | undefined
  /** Without prices rows are counted. */
  readonly prices?: StepPrices | undefined
  readonly planner?: Planner | undefined
}

export class Scheduler {
  readonly #state: SchedulerState
  readonly #advised: Advised
  /** Actions that stages or later submits wait for. */
  readonly #urgent = new ActionQueue()
  /** News for the user. */
  readonly #news = new ActionQueue()
  readonly #withdrawn: WithdrawnNews
  readonly #growth: Growth
  readonly #submitting: Submitting
  readonly #sessions: Sessions

  constructor(limits: SchedulerLimits, { advisor, prices = PRICES_BY_ROWS, planner = speculative }: Consulted = {}) {
    this.#advised = new Advised(advisor)
    this.#state = createState(limits, this.#advised, prices)
    this.#withdrawn = new WithdrawnNews(this.#state, this.#urgent)
    this.#growth = new Growth(this.#state, this.#urgent, this.#withdrawn, () => this.#endIdlestText())
    this.#submitting = new Submitting(this.#state, this.#growth, this.#withdrawn, this.#advised, planner)
    this.#sessions = new Sessions(this.#state, this.#submitting, this.#news)
  }

  /** For invariants and tests: drivers know events and actions only. */
  get insides(): Readonly<SchedulerState> {
    return this.#state
  }

  /** Whether `passed` events are of use: somebody speculates. */
  get wantsPassed(): boolean {
    return this.#state.drafting.isActive
  }

  /** Of the texts that are kept, and of what was shared. */
  get kept(): KeptStats {
    const { kept, cells, beginnings } = this.#state
    const { hits, reusedTokens } = beginnings
    return { texts: kept.count, tokens: cells.inTextsCount, hits, reusedTokens, evictions: kept.evictions }
  }

  /** What became of the guesses for the token that was judged last. */
  get verdict(): Verdict {
    return this.#state.judging.verdict
  }

  /** One change. Throws a `TsinferError`, and changes nothing, for a request that is refused (see `enqueue` of admission). */
  handle(event: SchedulerEvent): void {
    this.#advised.nowUs = event.atUs
    this.#sessions.nowUs = event.atUs ?? this.#sessions.nowUs
    this.#state.hasPaused = false
    switch (event.kind) {
      case 'request':
        this.#request(event.request, event.work)
        break
      case 'abort':
        this.#abort(event.request)
        break
      case 'hold':
        this.#sessions.hold(event.request, event.session)
        break
      case 'settled':
        this.#state.transfers.settle(event.request)
        break
      case 'forget':
        this.#sessions.forget(event.session)
        break
      case 'extend':
        this.#state.texts.extend(event)
        break
      case 'commit':
        this.#state.texts.commit(event.request, event.node)
        break
      case 'prune':
        this.#state.texts.prune(event.request, event.node)
        this.#withdrawn.tell()
        break
      case 'returned':
        this.#returned(event)
        this.#state.drafting.retryHeld()
        break
      case 'passed':
        this.#passed(event.number)
        this.#state.drafting.retryHeld()
        break
      case 'answered':
        this.#state.drafting.answered(event.question, event.guesses)
        break
      case 'token':
        this.#token(event.token, event.stop)
        break
      case 'deferred':
        this.#state.judging.defer(this.#sequenceInQuestion())
        break
      case 'drawable':
        this.#state.judging.noteDrawable(event.request, event.choice)
        break
      case 'scored':
        this.#scored()
        break
      case 'tick':
        break
    }
  }

  /** The next thing to do. After `judge`, `draw`, `score` and `read`, handle the answer before polling again. */
  poll(): SchedulerAction | typeof IDLE {
    const { judging } = this.#state
    assert(!judging.question, 'poll before the answer to a question')
    if (!this.#state.hasPaused) this.#admitAll()
    return (
      this.#urgent.take() ??
      this.#newsBeforeQuestion() ??
      judging.ask() ??
      this.#makeReady() ??
      this.#submitting.submit() ??
      // A planner may withdraw rows and submit none.
      this.#urgent.take() ??
      this.#state.drafting.ask() ??
      this.#news.take() ??
      judging.close() ??
      this.#sessions.end() ??
      IDLE
    )
  }

  /** Stages hear of cells before the rows that need them. */
  #makeReady(): SchedulerAction | undefined {
    this.#submitting.makeReady()
    return this.#urgent.take()
  }

  /** The news of one answer precede the next question. */
  #newsBeforeQuestion(): SchedulerAction | undefined {
    return this.#state.judging.mayAsk ? this.#news.take() : undefined
  }

  #request(request: RequestId, work: Work): void {
    const isLive = this.#state.requests.has(request) || this.#state.admission.isWaiting(request)
    assert(!isLive, `request ${request} is already live`)
    if (work.kind === 'text') this.#beginText(request, work)
    else this.#state.admission.enqueue(request, work)
  }

  #beginText(id: RequestId, work: TextWork): void {
    const request = this.#state.admission.admitText(id, work)
    if (!request) return this.#news.put({ kind: 'done', request: id, drafts: noDrafts(), reused: 0 })
    this.#state.requests.set(id, request)
    this.#growth.grow(request.sequences[0]!, work.lengthMax)
    this.#state.texts.begin(request)
  }

  #admitAll(): void {
    const { admission } = this.#state
    while (admission.waitingCount > 0) {
      if (admission.canAdmit(around(this.#state))) this.#admit()
      else if (!this.#endIdlestText()) return
    }
  }

  /** Live texts give way. Returns false when there is none. */
  #endIdlestText(): boolean {
    const text = this.#state.texts.idlest
    if (text === undefined) return false
    this.#abort(text)
    this.#news.put({ kind: 'finish', request: text, choice: 0, reason: 'aborted' })
    return true
  }

  #admit(): void {
    const admitted = this.#state.admission.admit(this.#state.runTable.lastNumber)
    if (!admitted) return this.#sessions.open()
    if ('sequences' in admitted) this.#start(admitted)
    else {
      admitted.phase = 'prefill'
      this.#evaluate([admitted])
    }
  }

  #start(request: RequestRecord): void {
    this.#state.requests.set(request.id, request)
    const { sequences, work } = request
    const [first] = sequences
    // No room for a single token: the prompt need not be evaluated.
    if (work.kind === 'generate' && first!.lengthMax === first!.length) {
      this.#growth.share(first!)
      for (const sequence of sequences) this.#end(sequence, 'length')
    } else this.#evaluate([...sequences])
  }

  /** The text of these sequences is to be evaluated, as far as nobody else has. */
  #evaluate(readers: Sequence[]): void {
    const { prefill, beginnings, drafting } = this.#state
    prefill.add(readers, this.#growth.share(readers[0]!))
    beginnings.enter(readers)
    for (const sequence of readers) this.#state.admission.noteShared(sequence)
    for (const sequence of readers) drafting.begin(sequence)
  }

  #abort(id: RequestId): void {
    if (this.#state.transfers.abandon(id)) return
    const waiting = this.#state.admission.withdraw(id)
    if (waiting?.kind === 'restore') return
    if (waiting) {
      for (let choice = 0; waiting.kind === 'generate' && choice < waiting.choices; choice++) {
        this.#news.put({ kind: 'finish', request: id, choice, reason: 'aborted' })
      }
      this.#news.put({ kind: 'done', request: id, drafts: noDrafts(), reused: 0 })
      return
    }
    const request = this.#state.requests.get(id)
    if (!request || request.liveCount === 0) return
    if (this.#state.judging.question?.request === id) this.#state.judging.answered()
    const written = request.sequences.map((sequence) => this.#state.runTable.writtenLength(sequence))
    // Rows in flight travel on as dead rows. Cells and sequence ids are free at once: see kv/cells.ts and admission.ts.
    const { flight } = this.#state.judging
    if (flight) this.#withdrawAll(flight, request)
    for (const other of this.#state.runTable.flights) this.#withdrawAll(other, request)
    this.#withdrawn.tell()
    for (const sequence of request.sequences) {
      if (sequence.phase !== 'ended') this.#end(sequence, 'aborted', written[sequence.choice])
    }
  }

  #withdrawAll(flight: Flight, request: RequestRecord): void {
    for (const row of flight.groups) {
      if (row.owner.request === request && row.state !== 'dead' && row.state !== 'unused') {
        this.#state.runTable.withdraw(row, 'abort')
      }
    }
  }

  #passed(number: MicroBatchNumber): void {
    // Of several at once nobody knows when each left the stage.
    const isNext = number === this.#state.runTable.passed + 1
    const flight = isNext ? this.#state.runTable.flights.find((other) => other.number === number) : undefined
    if (number > this.#state.runTable.passed) this.#advised.passed(flight)
    this.#state.runTable.pass(number)
  }

  #returned({ number, faults = 0 }: Extract<SchedulerEvent, { kind: 'returned' }>): void {
    const [oldest] = this.#state.runTable.flights
    if (this.#state.limits.stages === 1) this.#passed(number)
    if (oldest) this.#advised.returned(oldest)
    const flight = this.#state.runTable.takeReturned(number)
    this.#sessions.open()
    this.#state.judging.open(flight)
    for (const row of flight.groups) {
      const { request } = row.owner
      row.isFaulty = ((faults >>> row.group) & 1) !== 0 && row.state !== 'unused'
      // A guess may be wrong: then nobody reads its cell.
      if (row.isFaulty && !row.parent) this.#fault(request)
      else if (row.kind === 'prefill' && row.state === 'arrived') {
        for (const sequence of row.readers) this.#state.beginnings.wrote(sequence, row.position + row.count)
      }
      this.#doneIfOver(request)
    }
  }

  /** A cell of the request does not hold what belongs there. Whoever else would have shared its text evaluates again. */
  #fault(request: RequestRecord): void {
    if (request.isFaulty) return
    request.isFaulty = true
    this.#urgent.put({ kind: 'fault', request: request.id })
    for (const sequence of request.sequences) this.#state.beginnings.leave(sequence)
  }

  #token(token: number, stop: boolean): void {
    const sequence = this.#sequenceInQuestion()
    const { request, choice } = sequence
    this.#state.judging.answered()
    this.#state.judging.forget(sequence)
    if (!sequence.isDecoding) this.#state.decodingCount++
    sequence.isDecoding = true
    sequence.length++
    sequence.token = token
    sequence.text.push(token)
    if (!stop) this.#news.put({ kind: 'emit', request: request.id, choice, token })
    const over = stop || sequence.length === sequence.lengthMax
    this.#resolve(sequence, token, over)
    if (over) return this.#end(sequence, stop ? 'stop' : 'length')
    this.#state.drafting.advance(sequence, token)
    this.#withdrawn.tell()
  }

  /** Whose next token is asked for. */
  #sequenceInQuestion(): Sequence {
    const { question } = this.#state.judging
    assert(question?.kind === 'judge' || question?.kind === 'draw', 'a token nobody asked for')
    const { request, choice, position } = question
    const sequence = this.#state.requests.get(request)!.sequences[choice]!
    assert(position === sequence.length, `a token for position ${position} of a sequence of length ${sequence.length}`)
    return sequence
  }

  /** The token after the row in question is `token`, and the text may be over with it: drafts are accepted or withdrawn. */
  #resolve(sequence: Sequence, token: number, over: boolean): void {
    const position = sequence.length - 1
    const cell = sequence.cells[position]
    const accepted = this.#state.judging.resolve(sequence, token, over)
    this.#withdrawn.tell()
    if (accepted?.isFaulty) this.#fault(sequence.request)
    if (accepted) {
      const moved = accepted.cell !== cell
      if (moved) this.#urgent.put({ kind: 'map', sequence: sequence.id, from: position, cells: [accepted.cell] })
    } else if (!over) {
      sequence.phase = 'ready'
      this.#state.ready.push(sequence)
    }
  }

  #scored(): void {
    const { question, row } = this.#state.judging
    assert(row && question && question.kind !== 'judge' && question.kind !== 'draw', 'a score nobody asked for')
    this.#state.judging.answered()
    const { owner } = row
    if (question.kind === 'read') return
    owner.request.nextScore = question.position + 1
    if (owner.request.nextScore === owner.text.length) this.#end(owner, 'length')
  }

  /** `written`: tokens whose cells are, or certainly will be, written. */
  #end(sequence: Sequence, reason: FinishReason, written: number = sequence.committedLength): void {
    const { request, choice, phase } = sequence
    const { ready, texts, prefill, admission, drafting, judging } = this.#state
    judging.forget(sequence)
    if (phase === 'ready') ready.splice(ready.indexOf(sequence), 1)
    if (phase === 'prefill') prefill.remove(sequence)
    if (phase === 'text') texts.end(request.id)
    if (sequence.isDecoding) this.#state.decodingCount--
    sequence.isDecoding = false
    sequence.phase = 'ended'
    request.liveCount--
    if (phase === 'paused') admission.unpause(sequence)
    else this.#takeBack(sequence, written)
    drafting.end(sequence, this.#state.decodingCount)
    this.#withdrawn.tell()
    if (request.work.kind === 'generate') this.#news.put({ kind: 'finish', request: request.id, choice, reason })
    this.#doneIfOver(request)
  }

  /** The cells stay as a kept text as far as they are written; the session of a request that is over has the last. */
  #takeBack(sequence: Sequence, written: number): void {
    const { request, cells, text } = sequence
    if (text.length > 0) {
      const isLast = request.liveCount === 0
      this.#growth.keepText(sequence, written, isLast ? request.session : undefined)
    }
    this.#state.cells.release(cells)
    cells.length = 0
    this.#state.admission.discharge(sequence)
  }

  #doneIfOver(request: RequestRecord): void {
    if (request.liveCount > 0 || request.inFlightCount > 0 || !this.#state.requests.delete(request.id)) return
    const { id, drafts, reused } = request
    this.#news.put({ kind: 'done', request: id, drafts, reused })
  }
}
