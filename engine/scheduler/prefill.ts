// Prompts on their way into the KV cells: consecutive chunks of one text follow each other through the pipeline without
// waiting; several texts take turns, one chunk each, so a long prompt does not hold up a short one. What begins like a text
// that is being evaluated waits for it and shares its cells: a beginning that many have in common is evaluated once.
import type { Position, RunId } from '../domain.ts'
import { assert } from '../errors.ts'
import { RUN_CELLS } from '../kv/cells.ts'
import type { SchedulerLimits } from './events.ts'
import { commonLength } from './kept-texts.ts'
import type { Flight } from './run.ts'
import type { RunTable, TokenSpan } from './run-table.ts'
import { type Sequence, sharesCells } from './sequence.ts'

/** A text with tokens left to submit. */
export interface Prompt {
  readonly run: RunId
  /** The sequences it is evaluated for, in the cells of the first. */
  readonly readers: Sequence[]
  /** Texts that were under way before, and what this one has in common with them. */
  readonly ahead: readonly { readonly sequence: Sequence; readonly length: number }[]
}

/** To wait for less than a run of cells that somebody else evaluates is not worth it. */
const WAIT_LEAST = RUN_CELLS

export class Prefill {
  readonly #limits: SchedulerLimits
  readonly #runTable: RunTable
  /** In turn. */
  readonly #turns: Prompt[] = []

  constructor(limits: SchedulerLimits, runTable: RunTable) {
    this.#limits = limits
    this.#runTable = runTable
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

  /** `underWay`: sequences whose texts may be evaluated at present. */
  add(readers: Sequence[], underWay: Iterable<Sequence>): void {
    const { text } = readers[0]!
    const ahead = []
    for (const sequence of underWay) {
      if (readers.includes(sequence) || !sharesCells(sequence) || !sharesCells(readers[0]!)) continue
      const length = Math.min(commonLength(sequence.text, text), evaluatedFrom(readers[0]!))
      if (length >= WAIT_LEAST) ahead.push({ sequence, length })
    }
    readers[0]!.expected = Math.max(0, ...ahead.map(({ length }) => length))
    this.#turns.push({ run: this.#runTable.startRun(), readers, ahead })
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
    return this.#turns.find((prompt) => !this.#waits(prompt))
  }

  #waits({ run, readers, ahead }: Prompt): boolean {
    const { committedLength } = readers[0]!
    return ahead.some(({ sequence, length }) => {
      if (length - committedLength < WAIT_LEAST || !isEvaluated(sequence)) return false
      // One that has paused meanwhile comes after this one: else both could wait for each other.
      const other = this.#promptOf(sequence)
      if (other && other.run > run) return false
      return this.#runTable.writtenLength(sequence) < length
    })
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

/** The first position whose row has to be evaluated, whoever else has: its result is wanted. */
export function evaluatedFrom({ text, request }: Sequence): Position {
  return request.work.kind === 'score' ? request.nextScore : text.length - 1
}

const isEvaluated = (sequence: Sequence): boolean =>
  sharesCells(sequence) && (sequence.phase === 'prefill' || sequence.phase === 'waiting')

function spanOf(sequence: Sequence, from: Position, end: Position): TokenSpan {
  const { request, text } = sequence
  const { work } = request
  assert(work.kind !== 'text', 'a live text has no prompt')
  return { sequence, from, end, tokens: text, tokensFrom: 0, headFrom: evaluatedFrom(sequence), head: work.head }
}
