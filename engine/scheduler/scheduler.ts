// The scheduler: sans-IO, deterministic, integers only; what speculation costs is forecast beside it (steering.ts). It
// lives on the conductor thread, which feeds it events with `handle` and performs what `poll` returns until IDLE.
// Questions about a returned micro-batch come first, so that the next one knows all answers; then that one, so that
// stages do not wait while the user is told; then the rest of the news. The news of one answer always precede the next
// question.
import type { MicroBatchNumber } from '../domain.ts'
import { assert } from '../errors.ts'
import { Cells } from '../kv/cells.ts'
import type { StepCosts } from '../spec/step-costs.ts'
import { Admission } from './admission.ts'
import { Drafting } from './drafting.ts'
import type {
  FinishReason,
  GenerateWork,
  RequestId,
  RestoreWork,
  SchedulerAction,
  SchedulerEvent,
  SchedulerLimits,
  ScoreWork,
  SessionId,
} from './events.ts'
import { IDLE } from './events.ts'
import { InFlight } from './in-flight.ts'
import { Judging } from './judging.ts'
import type { Board, Policy } from './policy.ts'
import { Prefill } from './prefill.ts'
import type { Flight } from './run.ts'
import { noDrafts, type RequestRecord, type Sequence } from './sequence.ts'
import { Sessions } from './sessions.ts'
import { speculative } from './speculative.ts'
import { Steering } from './steering.ts'

export class Scheduler implements Board {
  readonly limits: SchedulerLimits
  readonly cells: Cells
  readonly inFlight: InFlight
  readonly sessions: Sessions
  readonly admission: Admission
  readonly prefill: Prefill
  readonly judging: Judging
  readonly requests = new Map<RequestId, RequestRecord>()
  readonly ready: Sequence[] = []
  readonly drafting: Drafting
  readonly steering: Steering
  decodingCount = 0
  readonly #policy: Policy
  /** Actions that stages or later submits wait for. */
  readonly #urgent = new ActionQueue()
  /** News for the user. */
  readonly #news = new ActionQueue()
  #lastKind: Flight['kind'] = 'chunk'

  /** `costs`: what is known of this machine already. */
  constructor(limits: SchedulerLimits, policy: Policy = speculative, costs?: StepCosts) {
    this.limits = limits
    this.cells = new Cells(limits.cells)
    this.inFlight = new InFlight(this.cells)
    this.sessions = new Sessions(this.cells)
    this.admission = new Admission(limits, this.cells, this.sessions)
    this.prefill = new Prefill(limits, this.inFlight)
    this.judging = new Judging(this.inFlight)
    this.steering = new Steering(limits, costs)
    this.drafting = new Drafting(limits.vocabularySize, this.steering)
    this.#policy = policy
  }

  /** One change. Throws a `TsinferError`, and changes nothing, for a request that could never run (see `checkWork`). */
  handle(event: SchedulerEvent): void {
    this.steering.nowUs = event.atUs
    switch (event.kind) {
      case 'request':
        this.#request(event.request, event.work)
        break
      case 'abort':
        this.#abort(event.request)
        break
      case 'hold':
        this.sessions.hold(event.request, event.session)
        this.#openTransfers()
        break
      case 'settled':
        this.sessions.settle(event.request)
        break
      case 'forget':
        this.#forget(event.session)
        break
      case 'returned':
        this.#returned(event)
        this.drafting.retryHeld()
        break
      case 'passed':
        this.#passed(event.number)
        this.drafting.retryHeld()
        break
      case 'drafted':
        this.drafting.answered(event.draft, event.guesses)
        break
      case 'token':
        this.#token(event.token, event.stop)
        break
      case 'scored':
        this.#scored()
        break
    }
  }

  /** The next thing to do. After `judge` and `score`, handle the answer before polling again. */
  poll(): SchedulerAction | typeof IDLE {
    assert(!this.judging.question, 'poll before the answer to a question')
    while (this.admission.canAdmit()) this.#admit()
    const first = this.#urgent.take() ?? (this.judging.mayAsk ? this.#news.take() : undefined) ?? this.judging.ask()
    if (first) return first
    this.steering.judged(this.decodingCount)
    // A policy may withdraw rows and submit none, hence the second look at what is urgent.
    const second = this.#submit() ?? this.#urgent.take() ?? this.drafting.ask()
    return second ?? this.#news.take() ?? this.judging.close() ?? IDLE
  }

  #request(request: RequestId, work: GenerateWork | ScoreWork | RestoreWork): void {
    assert(!this.requests.has(request) && !this.admission.isWaiting(request), `request ${request} is already live`)
    this.admission.enqueue(request, work)
  }

  #admit(): void {
    const request = this.admission.admit(this.inFlight.lastNumber)
    if (!request) return this.#openTransfers()
    this.requests.set(request.id, request)
    for (const { id: sequence, cells } of request.sequences) this.#urgent.put({ kind: 'map', sequence, from: 0, cells })
    const [first] = request.sequences
    // No room for a single token: the prompt need not be evaluated.
    const idle = request.work.kind === 'generate' && first!.lengthMax === first!.length
    for (const sequence of request.sequences) {
      if (idle) this.#end(sequence, 'length')
      else this.drafting.begin(sequence)
    }
    if (!idle) this.prefill.add(request)
  }

  /** Transfers whose cells no row in flight can write any more may begin. */
  #openTransfers(): void {
    const oldest = this.inFlight.flights[0]?.number ?? Number.POSITIVE_INFINITY
    for (;;) {
      const transfer = this.sessions.openTransfer(oldest)
      if (!transfer) return
      const { request, text } = transfer
      this.#news.put({ kind: 'transfer', request, ...text })
    }
  }

  #abort(id: RequestId): void {
    if (this.sessions.abandon(id)) return
    const waiting = this.admission.withdraw(id)
    if (waiting?.kind === 'restore') return
    if (waiting) {
      const choices = waiting.kind === 'generate' ? waiting.choices : 0
      for (let choice = 0; choice < choices; choice++) {
        this.#news.put({ kind: 'finish', request: id, choice, reason: 'aborted' })
      }
      this.#news.put({ kind: 'done', request: id, drafts: noDrafts(), reused: 0 })
      return
    }
    const request = this.requests.get(id)
    if (!request || request.liveCount === 0) return
    if (this.judging.question?.request === id) this.judging.answered()
    this.prefill.remove(request)
    const written = request.sequences.map((sequence) => this.inFlight.writtenLength(sequence))
    // Rows in flight travel on as dead rows. Cells and sequence ids are free at once: see kv/cells.ts and admission.ts.
    const { flight } = this.judging
    if (flight) this.#withdrawAll(flight, request)
    for (const other of this.inFlight.flights) this.#withdrawAll(other, request)
    this.#putCancels()
    for (const sequence of request.sequences) {
      if (sequence.phase !== 'ended') this.#end(sequence, 'aborted', written[sequence.choice])
    }
  }

  #forget(session: SessionId): void {
    this.sessions.forget(session)
    this.admission.forget(session)
    for (const request of this.requests.values()) if (request.session === session) request.session = undefined
  }

  #withdrawAll(flight: Flight, request: RequestRecord): void {
    for (const row of flight.runRows) {
      if (row.owner.request === request && row.state !== 'dead' && row.state !== 'unused') {
        this.inFlight.withdraw(row, 'abort')
      }
    }
  }

  #putCancels(): void {
    for (const flight of this.inFlight.flights) {
      if (flight.withdrawn === 0) continue
      this.#urgent.put({ kind: 'cancel', number: flight.number, rows: flight.withdrawn })
      flight.withdrawn = 0
    }
  }

  #passed(number: MicroBatchNumber): void {
    // Of several at once nobody knows when each left the stage.
    const isNext = number === this.inFlight.passed + 1
    const flight = isNext ? this.inFlight.flights.find((other) => other.number === number) : undefined
    if (number > this.inFlight.passed) this.steering.passed(flight)
    this.inFlight.pass(number)
  }

  #returned({ number, faults = 0 }: Extract<SchedulerEvent, { kind: 'returned' }>): void {
    const [oldest] = this.inFlight.flights
    if (this.limits.stages === 1) this.#passed(number)
    if (oldest) this.steering.returned(oldest)
    const flight = this.inFlight.takeReturned(number)
    this.#openTransfers()
    this.judging.open(flight)
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
    const { question, row } = this.judging
    assert(row && question?.kind === 'judge', 'a token nobody asked for')
    this.judging.answered()
    const { request } = row.owner
    const sequence = request.sequences[question.choice]!
    const { position } = question
    assert(position === sequence.length, `a token for position ${position} of a sequence of length ${sequence.length}`)
    if (position === request.work.prompt.length) this.decodingCount++
    sequence.length++
    sequence.token = token
    sequence.text?.push(token)
    if (!stop) this.#news.put({ kind: 'emit', request: request.id, choice: question.choice, token })
    const over = stop || sequence.length === sequence.lengthMax
    this.#resolve(sequence, token, over)
    if (over) return this.#end(sequence, stop ? 'stop' : 'length')
    this.drafting.advance(sequence, token)
    this.#putUndrafts()
  }

  #putUndrafts(): void {
    for (;;) {
      const draft = this.drafting.takeWithdrawn()
      if (draft === undefined) return
      this.#urgent.put({ kind: 'undraft', draft })
    }
  }

  /** The token after the row in question is `token`, and the text may be over with it: drafts are accepted or withdrawn. */
  #resolve(sequence: Sequence, token: number, over: boolean): void {
    const position = sequence.length - 1
    const cell = sequence.cells[position]
    const accepted = this.judging.resolve(sequence, token, over)
    this.#putCancels()
    if (accepted) {
      const moved = accepted.cell !== cell
      if (moved) this.#urgent.put({ kind: 'map', sequence: sequence.id, from: position, cells: [accepted.cell] })
    } else if (!over) {
      sequence.phase = 'ready'
      this.ready.push(sequence)
    }
  }

  #scored(): void {
    const { question, row } = this.judging
    assert(row && question?.kind === 'score', 'a score nobody asked for')
    this.judging.answered()
    const { owner } = row
    if (question.position === owner.request.work.prompt.length - 1) this.#end(owner, 'length')
  }

  /** `written`: tokens whose cells are, or certainly will be, written. */
  #end(sequence: Sequence, reason: FinishReason, written: number = sequence.committedLength): void {
    const { request, choice } = sequence
    if (sequence.phase === 'ready') this.ready.splice(this.ready.indexOf(sequence), 1)
    if (sequence.length > request.work.prompt.length) this.decodingCount--
    sequence.phase = 'ended'
    request.liveCount--
    this.admission.discharge(sequence, written)
    request.auto = this.steering.report(sequence, this.decodingCount) ?? request.auto
    this.drafting.end(sequence)
    this.#putUndrafts()
    if (request.work.kind === 'generate') this.#news.put({ kind: 'finish', request: request.id, choice, reason })
    this.#doneIfOver(request)
  }

  #doneIfOver(request: RequestRecord): void {
    if (request.liveCount > 0 || request.inFlightCount > 0 || !this.requests.delete(request.id)) return
    const { id, drafts, reused, auto } = request
    this.#news.put({ kind: 'done', request: id, drafts, reused, ...(auto && { auto }) })
  }

  /** Decode rows and prefill chunks take turns while both wait. */
  #submit(): SchedulerAction | undefined {
    if (this.inFlight.flights.length >= this.limits.inFlightMax) return undefined
    const flight =
      this.#lastKind === 'chunk'
        ? (this.#submitRows() ?? this.#submitChunk())
        : (this.#submitChunk() ?? this.#submitRows())
    if (!flight) return undefined
    this.#lastKind = flight.kind
    this.steering.submitted(flight, this.inFlight.flights.slice(0, -1))
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
    this.#policy(this)
    this.#putCancels()
    this.#putUndrafts()
    return this.inFlight.submitRows()
  }

  #submitChunk(): Flight | undefined {
    if (this.prefill.count === 0) return undefined
    // Beside decoding, no more chunks than stages: a decode row waits for all that are before it.
    const room = this.decodingCount > 0 ? this.limits.stages : this.limits.inFlightMax
    return this.inFlight.chunkKindCount < room ? this.prefill.submitChunk() : undefined
  }
}

/** First in, first out; its storage is reused. */
class ActionQueue {
  readonly #actions: SchedulerAction[] = []
  #head = 0

  put(action: SchedulerAction): void {
    this.#actions.push(action)
  }

  take(): SchedulerAction | undefined {
    const action = this.#actions[this.#head]
    if (action === undefined) return undefined
    if (++this.#head === this.#actions.length) {
      this.#actions.length = 0
      this.#head = 0
    }
    return action
  }
}
