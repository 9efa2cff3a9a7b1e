// Prompts on their way into the KV cells: consecutive chunks of one text follow each other through the pipeline without
// waiting; several texts take turns, one chunk each, so a long prompt does not hold up a short one. What begins like a text
// that is being evaluated waits for it and shares its cells: a beginning that many have in common is evaluated once.
import type { Position, RunId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Awaited, Beginnings } from './beginnings.ts'
import type { SchedulerLimits } from './events.ts'
import type { Flight } from './run.ts'
import type { RunTable, TokenSpan } from './run-table.ts'
import { evaluatedFrom, type Sequence } from './sequence.ts'

/** A text with tokens left to submit. */
export interface Prompt {
  readonly run: RunId
  /** The sequences it is evaluated for, in the cells of the first. */
  readonly readers: Sequence[]
  /** What others evaluate of it. When that is over, it has to be looked for anew. */
  awaited: Awaited | undefined
}

export class Prefill {
  readonly #limits: SchedulerLimits
  readonly #runTable: RunTable
  readonly #beginnings: Beginnings
  /** In turn. */
  readonly #turns: Prompt[] = []

  constructor(limits: SchedulerLimits, runTable: RunTable, beginnings: Beginnings) {
    this.#limits = limits
    this.#runTable = runTable
    this.#beginnings = beginnings
  }

  /** Texts with tokens left. */
  get count(): number {
    return this.#turns.length
  }

  /** Those for whom the same text is evaluated, while it is not submitted as a whole. */
  readersOf(sequence: Sequence): readonly Sequence[] | undefined {
    return this.#promptOf(sequence)?.readers.slice()
  }

  #promptOf(sequence: Sequence): Prompt | undefined {
    return this.#turns.find(({ readers }) => readers.includes(sequence))
  }

  add(readers: Sequence[], awaited: Awaited | undefined): void {
    this.#turns.push({ run: this.#runTable.startRun(), readers, awaited })
  }

  /** The text is not evaluated for this sequence any more. */
  remove(sequence: Sequence): void {
    const index = this.#turns.findIndex(({ readers }) => readers.includes(sequence))
    if (index < 0) return
    const { readers } = this.#turns[index]!
    readers.splice(readers.indexOf(sequence), 1)
    if (readers.length === 0) this.#turns.splice(index, 1)
  }

  /** The next in turn that need not wait for what others evaluate. */
  next(): Prompt | undefined {
    return this.#turns.find(({ awaited }) => !awaited || this.#beginnings.isOver(awaited))
  }

  /** How far the next chunk of a text reaches. */
  chunkEnd({ readers }: Prompt): Position {
    const { chunkRows, headRowsMax } = this.#limits
    const { text, committedLength, request } = readers[0]!
    const end = Math.min(committedLength + chunkRows, text.length)
    if (request.work.kind !== 'score') return end
    return Math.min(end, Math.max(committedLength, request.nextScore, request.work.from) + headRowsMax)
  }

  /** Submits the next chunk of a text, whose first sequence has the cells for it. */
  submitChunk(prompt: Prompt): Flight | undefined {
    this.#turns.splice(this.#turns.indexOf(prompt), 1)
    const { readers, run } = prompt
    const [first] = readers
    assert(first, 'a prompt of nobody')
    const from = first.committedLength
    first.committedLength = this.chunkEnd(prompt)
    if (first.committedLength < first.text.length) this.#turns.push(prompt)
    this.#runTable.addPrompt(run, readers, spanOf(first, from, first.committedLength))
    return this.#runTable.submit()
  }
}

function spanOf(sequence: Sequence, from: Position, end: Position): TokenSpan {
  const { request, text } = sequence
  const { work } = request
  assert(work.kind !== 'text', 'a live text has no prompt')
  return { sequence, from, end, tokens: text, tokensFrom: 0, headFrom: evaluatedFrom(sequence), head: work.head }
}
