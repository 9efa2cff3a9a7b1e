// The scheduler: sans-IO, deterministic, integers only; what speculation costs is forecast behind a wall (advisor.ts). It
// lives on the conductor thread, which feeds it events with `handle` and performs what `poll` returns until IDLE.
// Questions about a returned micro-batch come first, so that the next one knows all answers; then that one, so that
// stages do not wait while the user is told; then the rest of the news. The news of one answer always precede the next
// question.
import type { MicroBatchNumber } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Advisor } from '../speculation/advisor.ts'
import { ActionQueue } from './action-queue.ts'
import { Advised } from './advised.ts'
import type {
  FinishReason,
  RequestId,
  SchedulerAction,
  SchedulerEvent,
  SchedulerLimits,
  SessionId,
  TextWork,
  Work,
} from './events.ts'
import { IDLE } from './events.ts'
import type { Verdict } from './judging.ts'
import type { Planner } from './planner.ts'
import type { Flight } from './run.ts'
import { noDrafts, type RequestRecord, type Sequence } from './sequence.ts'
import { speculative } from './speculative.ts'
import { createState, type SchedulerState } from './state.ts'

export class Scheduler {
  readonly #state: SchedulerState
  readonly #advised: Advised
  readonly #planner: Planner
  /** Actions that stages or later submits wait for. */
  readonly #urgent = new ActionQueue()
  /** News for the user. */
  readonly #news = new ActionQueue()
  #lastKind: Flight['kind'] = 'chunk'

  /** `advisor`: for sequences that leave it to him how they speculate. */
  constructor(limits: SchedulerLimits, advisor?: Advisor, planner: Planner = speculative) {
    this.#advised = new Advised(advisor)
    this.#state = createState(limits, this.#advised)
    this.#planner = planner
  }

  /** For invariants and tests: drivers know events and actions only. */
  get insides(): Readonly<SchedulerState> {
    return this.#state
  }

  /** Whether `passed` events are of use: somebody speculates. */
  get wantsPassed(): boolean {
    return this.#state.drafting.isActive
  }

  /** What became of the guesses for the token that was judged last. */
  get verdict(): Verdict {
    return this.#state.judging.verdict
  }

  /** One change. Throws a `TsinferError`, and changes nothing, for a request that could never run (see `checkWork`). */
  handle(event: SchedulerEvent): void {
    this.#advised.nowUs = event.atUs
    switch (event.kind) {
      case 'request':
        this.#request(event.request, event.work)
        break
      case 'abort':
        this.#abort(event.request)
        break
      case 'hold':
        this.#state.sessions.hold(event.request, event.session)
        this.#openTransfers()
        break
      case 'settled':
        this.#state.sessions.settle(event.request)
        break
      case 'forget':
        this.#forget(event.session)
        break
      case 'extend':
        this.#state.texts.extend(event)
        break
      case 'commit':
        this.#state.texts.commit(event.request, event.node)
        break
      case 'prune':
        this.#state.texts.prune(event.request, event.node)
        this.#putCancels()
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
      case 'scored':
        this.#scored()
        break
    }
  }

  /** The next thing to do. After `judge`, `score` and `read`, handle the answer before polling again. */
  poll(): SchedulerAction | typeof IDLE {
    const { judging } = this.#state
    assert(!judging.question, 'poll before the answer to a question')
    this.#admitAll()
    return (
      this.#urgent.take() ??
      this.#newsBeforeQuestion() ??
      judging.ask() ??
      this.#submit() ??
      // A planner may withdraw rows and submit none.
      this.#urgent.take() ??
      this.#state.drafting.ask() ??
      this.#news.take() ??
      judging.close() ??
      IDLE
    )
  }

  /** The news of one answer precede the next question. */
  #newsBeforeQuestion(): SchedulerAction | undefined {
    return this.#state.judging.mayAsk ? this.#news.take() : undefined
  }

  #request(request: RequestId, work: Work): void {
    assert(
      !this.#state.requests.has(request) && !this.#state.admission.isWaiting(request),
      `request ${request} is already live`,
    )
    if (work.kind === 'text') this.#beginText(request, work)
    else this.#state.admission.enqueue(request, work)
  }

  #beginText(id: RequestId, work: TextWork): void {
    const request = this.#state.admission.admitText(id, work)
    if (!request) return this.#news.put({ kind: 'done', request: id, drafts: noDrafts(), reused: 0 })
    this.#state.requests.set(id, request)
    const { id: sequence, cells } = request.sequences[0]!
    this.#urgent.put({ kind: 'map', sequence, from: 0, cells })
    this.#state.texts.begin(request)
  }

  #admitAll(): void {
    for (;;) {
      while (this.#state.admission.canAdmit()) this.#admit()
      const text = this.#state.admission.waitingCount > 0 ? this.#state.texts.idlest : undefined
      if (text === undefined) return
      this.#abort(text)
      this.#news.put({ kind: 'finish', request: text, choice: 0, reason: 'aborted' })
    }
  }

  #admit(): void {
    const request = this.#state.admission.admit(this.#state.runTable.lastNumber)
    if (!request) return this.#openTransfers()
    this.#state.requests.set(request.id, request)
    for (const { id: sequence, cells } of request.sequences) this.#urgent.put({ kind: 'map', sequence, from: 0, cells })
    const [first] = request.sequences
    // No room for a single token: the prompt need not be evaluated.
    const idle = request.work.kind === 'generate' && first!.lengthMax === first!.length
    for (const sequence of request.sequences) {
      if (idle) this.#end(sequence, 'length')
      else this.#state.drafting.begin(sequence)
    }
    if (!idle) this.#state.prefill.add(request)
  }

  /** Transfers whose cells no row in flight can write any more may begin. */
  #openTransfers(): void {
    const oldest = this.#state.runTable.flights[0]?.number ?? Number.POSITIVE_INFINITY
    for (;;) {
      const transfer = this.#state.sessions.openTransfer(oldest)
      if (!transfer) return
      const { request, text } = transfer
      this.#news.put({ kind: 'transfer', request, ...text })
    }
  }

  #abort(id: RequestId): void {
    if (this.#state.sessions.abandon(id)) return
    const waiting = this.#state.admission.withdraw(id)
    if (waiting?.kind === 'restore') return
    if (waiting) {
      const choices = waiting.kind === 'generate' ? waiting.choices : 0
      for (let choice = 0; choice < choices; choice++) {
        this.#news.put({ kind: 'finish', request: id, choice, reason: 'aborted' })
      }
      this.#news.put({ kind: 'done', request: id, drafts: noDrafts(), reused: 0 })
      return
    }
    const request = this.#state.requests.get(id)
    if (!request || request.liveCount === 0) return
    if (this.#state.judging.question?.request === id) this.#state.judging.answered()
    this.#state.prefill.remove(request)
    const written = request.sequences.map((sequence) => this.#state.runTable.writtenLength(sequence))
    // Rows in flight travel on as dead rows. Cells and sequence ids are free at once: see kv/cells.ts and admission.ts.
    const { flight } = this.#state.judging
    if (flight) this.#withdrawAll(flight, request)
    for (const other of this.#state.runTable.flights) this.#withdrawAll(other, request)
    this.#putCancels()
    for (const sequence of request.sequences) {
      if (sequence.phase !== 'ended') this.#end(sequence, 'aborted', written[sequence.choice])
    }
  }

  #forget(session: SessionId): void {
    this.#state.sessions.forget(session)
    this.#state.admission.forget(session)
    for (const request of this.#state.requests.values()) if (request.session === session) request.session = undefined
  }

  #withdrawAll(flight: Flight, request: RequestRecord): void {
    for (const row of flight.runRows) {
      if (row.owner.request === request && row.state !== 'dead' && row.state !== 'unused') {
        this.#state.runTable.withdraw(row, 'abort')
      }
    }
  }

  #putCancels(): void {
    for (const flight of this.#state.runTable.flights) {
      if (flight.withdrawn === 0) continue
      this.#urgent.put({ kind: 'cancel', number: flight.number, rows: flight.withdrawn })
      flight.withdrawn = 0
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
    this.#openTransfers()
    this.#state.judging.open(flight)
    let reported: RequestRecord | undefined
    for (const row of flight.runRows) {
      const { request } = row.owner
      const bits = flight.kind === 'chunk' ? -1 : 1 << row.index
      if ((faults & bits) !== 0 && row.state !== 'unused' && request !== reported) {
        this.#urgent.put({ kind: 'fault', request: request.id })
        reported = request
        // A request that reuses a faulty cell would not hear of the fault.
        request.session = undefined
      }
      this.#doneIfOver(request)
    }
  }

  #token(token: number, stop: boolean): void {
    const { question, row } = this.#state.judging
    assert(row && question?.kind === 'judge', 'a token nobody asked for')
    this.#state.judging.answered()
    const { request } = row.owner
    const sequence = request.sequences[question.choice]!
    const { position } = question
    assert(position === sequence.length, `a token for position ${position} of a sequence of length ${sequence.length}`)
    if (position === request.prompt.length) this.#state.decodingCount++
    sequence.length++
    sequence.token = token
    sequence.text?.push(token)
    if (!stop) this.#news.put({ kind: 'emit', request: request.id, choice: question.choice, token })
    const over = stop || sequence.length === sequence.lengthMax
    this.#resolve(sequence, token, over)
    if (over) return this.#end(sequence, stop ? 'stop' : 'length')
    this.#state.drafting.advance(sequence, token)
    this.#putWithdrawals()
  }

  #putWithdrawals(): void {
    for (;;) {
      const question = this.#state.drafting.takeWithdrawn()
      if (question === undefined) return
      this.#urgent.put({ kind: 'withdraw', question })
    }
  }

  /** The token after the row in question is `token`, and the text may be over with it: drafts are accepted or withdrawn. */
  #resolve(sequence: Sequence, token: number, over: boolean): void {
    const position = sequence.length - 1
    const cell = sequence.cells[position]
    const accepted = this.#state.judging.resolve(sequence, token, over)
    this.#putCancels()
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
    assert(row && question && question.kind !== 'judge', 'a score nobody asked for')
    this.#state.judging.answered()
    const { owner } = row
    if (question.kind === 'read') return
    if (question.position === owner.request.prompt.length - 1) this.#end(owner, 'length')
  }

  /** `written`: tokens whose cells are, or certainly will be, written. */
  #end(sequence: Sequence, reason: FinishReason, written: number = sequence.committedLength): void {
    const { request, choice } = sequence
    if (sequence.phase === 'ready') this.#state.ready.splice(this.#state.ready.indexOf(sequence), 1)
    if (sequence.phase === 'text') this.#state.texts.end(request.id)
    else if (sequence.length > request.prompt.length) this.#state.decodingCount--
    sequence.phase = 'ended'
    request.liveCount--
    this.#state.admission.discharge(sequence, written)
    this.#state.drafting.end(sequence, this.#state.decodingCount)
    this.#putWithdrawals()
    if (request.work.kind === 'generate') this.#news.put({ kind: 'finish', request: request.id, choice, reason })
    this.#doneIfOver(request)
  }

  #doneIfOver(request: RequestRecord): void {
    if (request.liveCount > 0 || request.inFlightCount > 0 || !this.#state.requests.delete(request.id)) return
    const { id, drafts, reused } = request
    this.#news.put({ kind: 'done', request: id, drafts, reused })
  }

  /** Decode rows and prefill chunks take turns while both wait. */
  #submit(): SchedulerAction | undefined {
    this.#advised.judged(this.#state.decodingCount)
    if (this.#state.runTable.flights.length >= this.#state.limits.inFlightMax) return undefined
    const flight =
      this.#lastKind === 'chunk'
        ? (this.#submitRows() ?? this.#submitChunk() ?? this.#state.texts.submit())
        : (this.#submitChunk() ?? this.#submitRows() ?? this.#state.texts.submit())
    if (!flight) return undefined
    this.#lastKind = flight.kind
    this.#advised.submitted(flight, this.#state.runTable.flights.slice(0, -1))
    const { runRows } = flight
    const first = runRows[0]!
    return {
      kind: 'submit',
      microBatch: flight,
      purpose: first.kind,
      runFirst: first.run,
      runLast: runRows.at(-1)!.run,
    }
  }

  #submitRows(): Flight | undefined {
    this.#planner(this.#state)
    this.#putCancels()
    this.#putWithdrawals()
    return this.#state.runTable.submitRows()
  }

  #submitChunk(): Flight | undefined {
    if (this.#state.prefill.count === 0) return undefined
    // Beside decoding, no more chunks than stages: a decode row waits for all that are before it.
    const room = this.#state.decodingCount > 0 ? this.#state.limits.stages : this.#state.limits.inFlightMax
    return this.#state.runTable.chunkKindCount < room ? this.#state.prefill.submitChunk() : undefined
  }
}
