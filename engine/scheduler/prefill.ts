// Prompts on their way into the KV cells: consecutive rows of one text follow each other through the pipeline without
// waiting; several texts share a micro-batch. They take turns of a chunk's rows, however many micro-batches these take: so
// a long prompt does not hold up a short one, and short ones end one after the other instead of all at last. Clients take
// turns, and each client's prompts among themselves; those of batch work have what interactive ones leave. They do not wait
// for ever: a batch request counts as interactive when its turn has come (admission.ts). What begins like a text that is being
// evaluated waits for it and shares its cells: a beginning that many have in common is evaluated once.
import type { ClientId, Position, RunId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Awaited, Beginnings } from './beginnings.ts'
import type { RunTable } from './run-table.ts'
import { evaluatedFrom, type Sequence } from './sequence.ts'
import type { TokenSpan } from './span-rows.ts'
import { Turns } from './turns.ts'

/** A text with tokens left to submit. */
export interface Prompt {
  readonly run: RunId
  readonly client: ClientId
  /** The sequences it is evaluated for, in the cells of the first. */
  readonly readers: Sequence[]
  /** What others evaluate of it. When that is over, it has to be looked for anew. */
  awaited: Awaited | undefined
  /** Rows that are left of its turn. */
  turnRows: number
}

export class Prefill {
  readonly #runTable: RunTable
  readonly #beginnings: Beginnings
  readonly #turnRows: number
  readonly #turns = new Turns<Prompt>()

  /** `turnRows`: rows of a turn. */
  constructor(runTable: RunTable, beginnings: Beginnings, turnRows: number) {
    this.#turnRows = turnRows
    this.#runTable = runTable
    this.#beginnings = beginnings
  }

  /** Texts with tokens left. */
  get count(): number {
    return this.#turns.count
  }

  /** Those for whom the same text is evaluated, while it is not submitted as a whole. */
  readersOf(sequence: Sequence): readonly Sequence[] | undefined {
    return this.#promptOf(sequence)?.readers.slice()
  }

  #promptOf(sequence: Sequence): Prompt | undefined {
    for (const prompt of this.#turns) if (prompt.readers.includes(sequence)) return prompt
    return undefined
  }

  add(readers: Sequence[], awaited: Awaited | undefined): void {
    const { client } = readers[0]!.request
    this.#turns.add({ run: this.#runTable.startRun(), client, readers, awaited, turnRows: this.#turnRows })
  }

  /** The text is not evaluated for this sequence any more. */
  remove(sequence: Sequence): void {
    const prompt = this.#promptOf(sequence)
    if (!prompt) return
    const { readers } = prompt
    readers.splice(readers.indexOf(sequence), 1)
    if (readers.length === 0) this.#turns.remove(prompt)
  }

  /** In turn, those that need not wait for what others evaluate, or need not any more, and have not paused meanwhile. */
  *inTurn(): Generator<Prompt, void, undefined> {
    const mayGo = ({ awaited }: Prompt) => !awaited || this.#beginnings.isOver(awaited)
    const order = [
      ...this.#turns.rounds((prompt) => mayGo(prompt) && this.#isUrgent(prompt)),
      ...this.#turns.rounds((prompt) => mayGo(prompt) && !this.#isUrgent(prompt)),
      ...this.#turns.rounds((prompt) => !mayGo(prompt)),
    ]
    for (const prompt of order) if (prompt.readers.length > 0 && mayGo(prompt)) yield prompt
  }

  /** It is interactive, or somebody interactive waits for it. */
  #isUrgent({ readers }: Prompt): boolean {
    if (readers[0]!.request.priority === 'interactive') return true
    for (const other of this.#turns) {
      const text = other.awaited?.text
      if (text && readers.some(({ indexed }) => indexed === text) && this.#isUrgent(other)) return true
    }
    return false
  }

  /** Where a prompt goes on, and how many of its rows have cells and fit the micro-batch being filled. */
  nextRows({ readers, awaited }: Prompt): readonly [from: Position, most: number] {
    const { openRowsLeft, openHeadsLeft } = this.#runTable
    const first = readers[0]!
    const { text, cells, committedLength: from } = first
    const headEnd = Math.max(from, evaluatedFrom(first)) + openHeadsLeft
    if (awaited) return [from, 0]
    return [from, Math.max(0, Math.min(text.length, cells.length, headEnd, from + openRowsLeft) - from)]
  }

  /** Adds the next `count` rows of a prompt to the micro-batch being filled. */
  addRows(prompt: Prompt, count: number): void {
    const { readers, run } = prompt
    const [first] = readers
    assert(first, 'a prompt of nobody')
    const from = first.committedLength
    first.committedLength = from + count
    prompt.turnRows -= count
    const isOver = first.committedLength === first.text.length
    if (isOver || prompt.turnRows <= 0) {
      prompt.turnRows = this.#turnRows
      this.#turns.take(prompt)
      if (!isOver) this.#turns.add(prompt)
    }
    this.#runTable.addPrompt(run, readers, spanOf(first, from, from + count))
  }
}

function spanOf(sequence: Sequence, from: Position, end: Position): TokenSpan {
  const { request, text } = sequence
  const { work } = request
  assert(work.kind !== 'text', 'a live text has no prompt')
  return { sequence, from, end, tokens: text, tokensFrom: 0, headFrom: evaluatedFrom(sequence), head: work.head }
}
