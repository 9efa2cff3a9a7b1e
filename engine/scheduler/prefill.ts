// Prompts on their way into the KV cells: consecutive chunks of one text follow each other through the pipeline without
// waiting; several texts take turns, one chunk each, so a long prompt does not hold up a short one. What begins like a text
// that is being evaluated waits for it and shares its cells: a beginning that many have in common is evaluated once.
import type { Position, Row, RunId } from '../domain.ts'
import { assert } from '../errors.ts'
import { RUN_CELLS } from '../kv/cells.ts'
import type { SchedulerLimits } from './events.ts'
import { commonLength } from './kept-texts.ts'
import { type Flight, NO_CELLS } from './run.ts'
import type { RunTable } from './run-table.ts'
import { type Sequence, sharesCells } from './sequence.ts'

/** A text with tokens left to submit. */
export interface Prompt {
  readonly run: RunId
  /** The sequences it is evaluated for, in the cells of the first. */
  readonly group: Sequence[]
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
  groupOf(sequence: Sequence): readonly Sequence[] | undefined {
    return this.#promptOf(sequence)?.group.slice()
  }

  #promptOf(sequence: Sequence): Prompt | undefined {
    return this.#turns.find(({ group }) => group.includes(sequence))
  }

  /** `underWay`: sequences whose texts may be evaluated at present. */
  add(group: Sequence[], underWay: Iterable<Sequence>): void {
    const { text } = group[0]!
    const ahead = []
    for (const sequence of underWay) {
      if (group.includes(sequence) || !sharesCells(sequence) || !sharesCells(group[0]!)) continue
      const length = Math.min(commonLength(sequence.text, text), evaluatedFrom(group[0]!))
      if (length >= WAIT_LEAST) ahead.push({ sequence, length })
    }
    group[0]!.expected = Math.max(0, ...ahead.map(({ length }) => length))
    this.#turns.push({ run: this.#runTable.startRun(), group, ahead })
  }

  /** The text is not evaluated for this sequence any more. */
  remove(sequence: Sequence): void {
    const index = this.#turns.findIndex(({ group }) => group.includes(sequence))
    if (index < 0) return
    const { group } = this.#turns[index]!
    group.splice(group.indexOf(sequence), 1)
    if (group.length === 0) this.#turns.splice(index, 1)
  }

  /** The next in turn that need not wait for what others evaluate. */
  next(): Prompt | undefined {
    return this.#turns.find((prompt) => !this.#waits(prompt))
  }

  #waits({ run, group, ahead }: Prompt): boolean {
    const { committedLength } = group[0]!
    return ahead.some(({ sequence, length }) => {
      if (length - committedLength < WAIT_LEAST || !isEvaluated(sequence)) return false
      // One that has paused meanwhile comes after this one: else both could wait for each other.
      const other = this.#promptOf(sequence)
      if (other && other.run > run) return false
      return this.#runTable.writtenLength(sequence) < length
    })
  }

  /** How far the next chunk of a text reaches. */
  chunkEnd({ group }: Prompt): Position {
    const { chunkRows, headRowsMax } = this.#limits
    const { text, committedLength, request } = group[0]!
    const end = Math.min(committedLength + chunkRows, text.length)
    if (request.work.kind !== 'score') return end
    return Math.min(end, Math.max(committedLength, request.nextScore, request.work.from) + headRowsMax)
  }

  /** Submits the next chunk of a text, whose first sequence has the cells for it. */
  submitChunk(prompt: Prompt): Flight {
    this.#turns.splice(this.#turns.indexOf(prompt), 1)
    const { group, run } = prompt
    const [first] = group
    assert(first, 'a prompt of nobody')
    const rows = rowsOf(first, this.chunkEnd(prompt))
    first.committedLength += rows.length
    if (first.committedLength < first.text.length) this.#turns.push(prompt)
    return this.#runTable.submitChunk(run, group, rows)
  }
}

/** The first position whose row has to be evaluated, whoever else has: its result is wanted. */
export function evaluatedFrom({ text, request }: Sequence): Position {
  return request.work.kind === 'score' ? request.nextScore : text.length - 1
}

const isEvaluated = (sequence: Sequence): boolean =>
  sharesCells(sequence) && (sequence.phase === 'prefill' || sequence.phase === 'waiting')

function rowsOf({ id, request, text, cells, committedLength }: Sequence, end: Position): Row[] {
  const { work, nextScore } = request
  assert(work.kind !== 'text', 'a live text has no prompt')
  const rows: Row[] = []
  for (let position = committedLength; position < end; position++) {
    const isWanted = work.kind === 'score' ? position >= nextScore : position === text.length - 1
    rows.push({
      token: text[position]!,
      sequence: id,
      position,
      cell: cells[position]!,
      committedLength: position + 1,
      ancestors: NO_CELLS,
      head: isWanted ? work.head : 'none',
    })
  }
  return rows
}
