// The run table: micro-batches in flight in the order of their submission, the RunRows in them, and the tree of drafts.
// Records are pooled, so a step of decoding allocates nothing here.
import type { CellIndex, MicroBatchNumber, Row, RunId, RunKind, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import { ANCESTORS_MAX, ROWS_MAX } from '../limits.ts'
import type { NodeId } from './events.ts'
import {
  createTransitionCounts,
  Flight,
  isFor,
  link,
  NO_CELLS,
  NO_NODE,
  NOBODY,
  place,
  type RowEvent,
  RunRow,
  transition,
  unlink,
} from './run.ts'
import type { Sequence } from './sequence.ts'

/** A node of a live text; see texts.ts. */
interface NodeOfText {
  readonly sequence: Sequence
  readonly id: NodeId
  readonly isCommitted: boolean
}

export class RunTable {
  readonly counts = createTransitionCounts()
  readonly #cells: Cells
  readonly #flights: Flight[] = []
  readonly #spareFlights: Flight[] = []
  readonly #spareRows: RunRow[] = []
  /** The `rows` micro-batch being filled. */
  #open: Flight | undefined
  #nextNumber = 0
  #nextRun = 0
  #rowsKindCount = 0
  /** The newest micro-batch that has left the first stage. */
  #passed = -1

  constructor(cells: Cells) {
    this.#cells = cells
  }

  /** Oldest first. */
  get flights(): readonly Flight[] {
    return this.#flights
  }
  /** Of the micro-batch submitted last, -1 before the first. */
  get lastNumber(): number {
    return this.#nextNumber - 1
  }
  /** Micro-batches of kind `rows` in flight. */
  get rowsKindCount(): number {
    return this.#rowsKindCount
  }
  get chunkKindCount(): number {
    return this.#flights.length - this.#rowsKindCount
  }
  /** Micro-batches that wait for the first stage or are in it, as far as known. */
  get beforeFirstCount(): number {
    return this.#nextNumber - 1 - this.#passed
  }
  /** Micro-batches with a decode row that is certain: each will bring a sequence on. */
  get groupCount(): number {
    const leads = ({ runRows }: Flight) => runRows.some(({ state, kind }) => state === 'final' && kind !== 'prefill')
    return this.#flights.reduce((count, flight) => count + (leads(flight) ? 1 : 0), 0)
  }
  /** Rows that still fit the micro-batch being filled. */
  get openRowsLeft(): number {
    return ROWS_MAX - (this.#open?.runRows.length ?? 0)
  }

  startRun(): RunId {
    return this.#nextRun++ as RunId
  }

  /** Adds the row of the sequence's newest token to the micro-batch being filled. */
  addFinal(run: RunId, sequence: Sequence): RunRow {
    const position = sequence.length - 1
    assert(sequence.phase === 'ready' && sequence.committedLength === position, 'the newest token has a row already')
    const row = this.#addRow(run, 'decode', sequence)
    place(row, sequence.token, position, sequence.cells[position]!)
    row.committedLength = position + 1
    transition(row, 'submit', this.counts)
    sequence.phase = 'waiting'
    sequence.committedLength = position + 1
    return row
  }

  /**
   * Adds a drafted token as a child of `parent`, which is in flight or in the micro-batch being filled. The first draft
   * of a position takes the sequence's own cell if it has one yet, siblings take free cells. Undefined where none is free,
   * since drafts take cells from nobody, or the chain of ancestors is full.
   */
  addGuess(run: RunId, sequence: Sequence, parent: RunRow, token: TokenId): RunRow | undefined {
    const position = parent.position + parent.count
    assert(sequence.phase === 'waiting' && position >= sequence.length, 'a draft for a token that is certain')
    assert(parent.state === 'final' || parent.state === 'assumed', `a draft behind a row that is ${parent.state}`)
    assert(position < sequence.lengthMax - 1, 'a draft whose successor lies beyond the end of its sequence')
    // Ancestors that have become certain since the parent was submitted are in the cell table.
    const certain = sequence.committedLength - parent.committedLength
    const ancestors = parent.state === 'final' ? NO_CELLS : [...parent.ancestors.slice(certain), parent.cell]
    if (ancestors.length > ANCESTORS_MAX) return undefined
    const cell = this.#draftCell(sequence, position)
    if (cell === undefined) return undefined
    const row = this.#addRow(run, 'verify', sequence)
    place(row, token, position, cell)
    row.ancestors = ancestors
    row.committedLength = position - ancestors.length
    link(parent, row)
    transition(row, 'guess', this.counts)
    sequence.request.drafts.drafted++
    return row
  }

  /** Adds the one row of a live text's node to the micro-batch being filled. */
  addText(run: RunId, { position, token, cell, head, committedLength }: Row, node: NodeOfText): RunRow {
    const row = this.#addRow(run, 'draft', node.sequence)
    place(row, token, position, cell)
    row.committedLength = committedLength
    row.head = head
    row.node = node.id
    transition(row, node.isCommitted ? 'submit' : 'guess', this.counts)
    return row
  }

  #draftCell(sequence: Sequence, position: number): CellIndex | undefined {
    const own = sequence.cells[position]
    const taken = (flight: Flight) =>
      flight.runRows.some(
        (row) => row.cell === own && row.count === 1 && row.state !== 'dead' && row.state !== 'unused',
      )
    if (own !== undefined && !this.#flights.some(taken) && !(this.#open && taken(this.#open))) return own
    if (this.#cells.freeCount === 0) return undefined
    const spare: CellIndex[] = []
    this.#cells.allocate(1, spare)
    return spare[0]!
  }

  #addRow(run: RunId, kind: RunKind, owner: Sequence): RunRow {
    this.#open ??= this.#takeFlight('rows')
    const flight = this.#open
    const row = this.#takeRow(run, kind, owner, flight)
    assert(row.index < ROWS_MAX, 'a micro-batch has too many rows')
    row.count = 1
    row.sequence = owner.id
    row.ancestors = NO_CELLS
    row.head = owner.request.work.kind === 'generate' ? owner.request.work.head : 'top'
    return row
  }

  /** The row in flight whose result tells the next token of a waiting sequence. */
  frontier(sequence: Sequence): RunRow | undefined {
    for (const { runRows } of this.#flights) {
      for (const row of runRows) {
        if (isFor(row, sequence) && row.state === 'final' && row.position + row.count === sequence.length) return row
      }
    }
    return undefined
  }

  /** Certain tokens of a live sequence in front of the first whose row is in flight. */
  writtenLength(sequence: Sequence): number {
    let length = sequence.committedLength
    for (const { runRows } of this.#flights) {
      for (const row of runRows) {
        if (row.state === 'final' && isFor(row, sequence)) length = Math.min(length, row.position)
      }
    }
    return length
  }

  /** The newest micro-batch that is known to have left the first stage. */
  get passed(): number {
    return this.#passed
  }

  /** The first stage has let `number` go. */
  pass(number: MicroBatchNumber): void {
    this.#passed = Math.max(this.#passed, number)
  }

  /** Puts the filled micro-batch in flight; undefined when it has no row. */
  submitRows(): Flight | undefined {
    const flight = this.#open
    if (!flight) return undefined
    this.#open = undefined
    this.#rowsKindCount++
    flight.rows = flight.runRows
    return this.#submit(flight)
  }

  /** Puts a chunk of the prompt of `group` in flight: `rows` at consecutive positions, in the cells of the first of them. */
  submitChunk(run: RunId, group: Sequence[], rows: readonly Row[]): Flight {
    const flight = this.#takeFlight('chunk')
    const row = this.#chunkRow(run, 'prefill', group[0]!, flight, rows)
    row.group = group
    transition(row, 'submit', this.counts)
    return this.#submit(flight)
  }

  /** Puts consecutive tokens of a live text's node in flight. */
  submitTextChunk(run: RunId, rows: readonly Row[], node: NodeOfText): Flight {
    const flight = this.#takeFlight('chunk')
    const row = this.#chunkRow(run, 'draft', node.sequence, flight, rows)
    row.node = node.id
    transition(row, node.isCommitted ? 'submit' : 'guess', this.counts)
    return this.#submit(flight)
  }

  #chunkRow(run: RunId, kind: RunKind, owner: Sequence, flight: Flight, rows: readonly Row[]): RunRow {
    const [first, last] = [rows[0], rows.at(-1)]
    assert(first && last, 'a chunk without rows')
    const row = this.#takeRow(run, kind, owner, flight)
    row.count = rows.length
    row.position = first.position
    row.cell = first.cell
    row.head = last.head
    flight.rows = rows
    return row
  }

  #submit(flight: Flight): Flight {
    flight.number = this.#nextNumber++ as MicroBatchNumber
    this.#flights.push(flight)
    return flight
  }

  #takeFlight(kind: Flight['kind']): Flight {
    const flight = this.#spareFlights.pop() ?? new Flight()
    flight.kind = kind
    return flight
  }

  #takeRow(run: RunId, kind: RunKind, owner: Sequence, flight: Flight): RunRow {
    const row = this.#spareRows.pop() ?? new RunRow()
    row.run = run
    row.kind = kind
    row.owner = owner
    row.flight = flight
    row.index = flight.runRows.length
    row.node = NO_NODE
    row.group = NOBODY
    flight.runRows.push(row)
    owner.request.inFlightCount++
    return row
  }

  /** Takes the oldest micro-batch, which must be `number`, out of flight. */
  takeReturned(number: MicroBatchNumber): Flight {
    const [flight] = this.#flights
    assert(
      flight && flight.number === number,
      `micro-batch ${number} returned, ${flight?.number} is the oldest in flight`,
    )
    this.#flights.shift()
    this.pass(number)
    if (flight.kind === 'rows') this.#rowsKindCount--
    for (const row of flight.runRows) {
      transition(row, 'return', this.counts)
      row.owner.request.inFlightCount--
    }
    return flight
  }

  /** Gives the records of a judged micro-batch back to their pools. */
  recycle(flight: Flight): void {
    const { runRows } = flight
    while (runRows.length > 0) {
      const row = runRows.pop()!
      assert(row.state === 'unused' && !row.parent && !row.firstChild, `a row that is ${row.state} is recycled`)
      this.#spareRows.push(row)
    }
    flight.rows = runRows
    flight.withdrawn = 0
    this.#spareFlights.push(flight)
  }

  /** Everything about the row is known. Its children have been accepted or withdrawn. */
  retire(row: RunRow): void {
    transition(row, row.node === NO_NODE ? 'judged' : 'read', this.counts)
  }

  /** The drafted token of `row` is the target's: the row is final, and its cell is the one of its position from now on. */
  accept(row: RunRow): void {
    transition(row, 'accept', this.counts)
    unlink(row)
    const { owner, position, cell } = row
    owner.request.drafts.accepted++
    owner.committedLength = position + 1
    const own = owner.cells[position]
    if (own === cell) return
    owner.cells[position] = cell
    if (own !== undefined) this.#cells.release([own])
  }

  /** The node of this row of a live text is committed. */
  commit(row: RunRow): void {
    transition(row, 'accept', this.counts)
  }

  /**
   * Withdraws the row and all its descendants. In flight they travel on as dead rows; their cells are free at once.
   * `isRight`: the drafted token is the target's, and ends the text.
   */
  withdraw(row: RunRow, event: RowEvent & ('reject' | 'abort' | 'pause'), isRight = false): void {
    while (row.firstChild) this.withdraw(row.firstChild, event)
    unlink(row)
    const runTable = row.state === 'assumed'
    const arrived = row.state === 'arrived-assumed'
    const assumed = runTable || arrived
    transition(row, event, this.counts)
    const { drafts } = row.owner.request
    if (row.kind === 'verify') {
      if (isRight) drafts.accepted++
      else if (runTable) drafts.cancelled++
      else if (arrived) drafts.wasted++
    }
    if (row.state === 'dead') row.flight.withdrawn |= row.flight.kind === 'chunk' ? -1 : 1 << row.index
    if (assumed && row.owner.cells[row.position] !== row.cell) this.#cells.release([row.cell])
  }
}
