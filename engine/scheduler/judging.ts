// The returned micro-batch: asks about its rows one after the other and turns every answer into verdicts on the rows
// that assumed something. A token that takes time to draw is deferred: its micro-batch is done without it, others go on,
// and it is asked for again when the driver has it, between two micro-batches. Only tokens that no draft waits for are.
import { assert } from '../errors.ts'
import type { RequestId, SchedulerAction } from './events.ts'
import { type Flight, type Group, NO_NODE } from './run.ts'
import type { RunTable } from './run-table.ts'
import type { Sequence } from './sequence.ts'
import type { Texts } from './texts.ts'

type RowQuestion = Extract<SchedulerAction, { kind: 'judge' | 'draw' | 'score' | 'read' }>

/** What became of the guesses for a token: there were none, one was right, or none was. */
export type Verdict = 'unguessed' | 'accepted' | 'rejected'

export class Judging {
  readonly #runTable: RunTable
  readonly #texts: Texts
  #flight: Flight | undefined
  /** Group being judged. */
  #cursor = 0
  /** Questions of this Group asked so far: choices of a prompt's end, or scored rows of a prompt. */
  #asked = 0
  #question: RowQuestion | undefined
  /** Sequences whose next token is deferred, and those of them for which it can be drawn. */
  readonly #deferred = new Set<Sequence>()
  readonly #drawable = new Set<Sequence>()
  /** Of the newest token. */
  verdict: Verdict = 'unguessed'

  constructor(runTable: RunTable, texts: Texts) {
    this.#runTable = runTable
    this.#texts = texts
  }

  get flight(): Flight | undefined {
    return this.#flight
  }
  /** Asked and not answered. */
  get question(): RowQuestion | undefined {
    return this.#question
  }

  /** Sequences whose next token is deferred. */
  get deferred(): ReadonlySet<Sequence> {
    return this.#deferred
  }
  get drawableCount(): number {
    return this.#drawable.size
  }

  open(flight: Flight): void {
    assert(!this.#flight, 'a micro-batch returned while another is being judged')
    this.#flight = flight
    this.#cursor = 0
    this.#asked = 0
  }

  /** Whether `ask` may have another question. False is certain. */
  get mayAsk(): boolean {
    const { row } = this
    if (!row) return !this.#flight && this.#drawable.size > 0
    const sameRow = this.#asked === 0 || (row.kind === 'prefill' && this.#asked < row.readers.length)
    return sameRow || this.#cursor + 1 < this.#flight!.groups.length
  }

  /** The next question; undefined when there is none left. */
  ask(): RowQuestion | undefined {
    const flight = this.#flight
    if (!flight) return this.#askDeferred()
    for (; this.#cursor < flight.groups.length; this.#cursor++, this.#asked = 0) {
      const row = flight.groups[this.#cursor]!
      if (row.state === 'unused') continue
      const isText = row.node !== NO_NODE
      assert(row.state === 'arrived' || isText, `a row that is ${row.state} comes up for judgement`)
      this.#question = this.#questionOf(row)
      if (this.#question) return this.#question
      this.#runTable.retire(row)
      if (isText) this.#texts.judged(row)
    }
    return undefined
  }

  #askDeferred(): RowQuestion | undefined {
    for (const sequence of this.#drawable) {
      const { request, choice, length: position } = sequence
      this.#drawable.delete(sequence)
      this.#question = { kind: 'draw', request: request.id, choice, position }
      return this.#question
    }
    return undefined
  }

  #questionOf(row: Group): RowQuestion | undefined {
    const { owner, count, position, head } = row
    if (head === 'none') return undefined
    const { id: request, work, nextScore } = owner.request
    const asked = this.#asked++
    const at = row.first + count - 1
    if (work.kind === 'text') return asked === 0 ? { kind: 'read', request, node: row.node, row: at } : undefined
    if (work.kind === 'score') {
      const index = Math.max(0, nextScore - position)
      return index < count ? { kind: 'score', request, row: row.first + index, position: position + index } : undefined
    }
    const sequence = row.kind === 'prefill' ? row.readers[asked] : asked === 0 ? owner : undefined
    if (!sequence) return undefined
    const mayDefer = work.draft === undefined && row.firstChild === undefined
    return { kind: 'judge', request, choice: sequence.choice, row: at, position: position + count, mayDefer }
  }

  /** The row in question, or whose last question has been answered; undefined when all rows are judged. */
  get row(): Group | undefined {
    return this.#flight?.groups[this.#cursor]
  }

  /** Takes the answered, or withdrawn, question off the table. */
  answered(): void {
    this.#question = undefined
  }

  /** The answer to the question about this sequence will take time. */
  defer(sequence: Sequence): void {
    assert(this.#question?.kind === 'judge' && this.#question.mayDefer, 'an answer that nobody may defer')
    this.#question = undefined
    this.#deferred.add(sequence)
  }

  /** The token that was deferred, if it still is, can be drawn. */
  noteDrawable(request: RequestId, choice: number): void {
    for (const sequence of this.#deferred) {
      if (sequence.request.id === request && sequence.choice === choice) this.#drawable.add(sequence)
    }
  }

  /** Nothing is deferred of the sequence any more: its token is known, or it has ended or paused. */
  forget(sequence: Sequence): void {
    this.#deferred.delete(sequence)
    this.#drawable.delete(sequence)
  }

  /**
   * The target's token after the row in question is known: its drafts for `sequence` are accepted or withdrawn. Returns
   * the row that goes on, if there is one and the text is not `over`.
   */
  resolve(sequence: Sequence, token: number, over: boolean): Group | undefined {
    let accepted: Group | undefined
    let [guessed, right] = [false, false]
    let child = this.row?.firstChild
    while (child) {
      const next = child.nextSibling
      if (child.owner === sequence) {
        guessed = true
        const isRight = child.token === token
        right ||= isRight
        if (isRight && !over) accepted = child
        else this.#runTable.withdraw(child, 'reject', isRight)
      }
      child = next
    }
    if (accepted) this.#runTable.accept(accepted)
    if (guessed && !right) sequence.request.drafts.rejections++
    this.verdict = right ? 'accepted' : guessed ? 'rejected' : 'unguessed'
    return accepted
  }

  /** Nothing of the micro-batch is needed any more. */
  close(): SchedulerAction | undefined {
    const flight = this.#flight
    if (!flight) return undefined
    const { number } = flight
    this.#runTable.recycle(flight)
    this.#flight = undefined
    return { kind: 'release', number }
  }
}
