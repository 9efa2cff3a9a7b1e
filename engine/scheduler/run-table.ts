// The run table: micro-batches in flight in the order of their submission, the groups in them, and the tree of drafts.
// Records are pooled, so a step of decoding allocates nothing here.
import type { CellIndex, MicroBatchNumber, RunId, RunKind, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import { ANCESTORS_MAX, GROUPS_MAX, microBatchRows } from '../limits.ts'
import type { NodeId, SchedulerLimits } from './events.ts'
import { readBy, type StepLoad } from './prompt-room.ts'
import {
  createTransitionCounts,
  Flight,
  Group,
  type GroupEvent,
  isFor,
  link,
  NO_CELLS,
  NO_NODE,
  NOBODY,
  place,
  transition,
  unlink,
} from './run.ts'
import type { Sequence } from './sequence.ts'
import { SpanRows, type TokenSpan } from './span-rows.ts'

/** A node of a live text; see texts.ts. */
interface NodeOfText {
  readonly sequence: Sequence
  readonly id: NodeId
  readonly isCommitted: boolean
}

export class RunTable {
  readonly counts = createTransitionCounts()
  readonly #cells: Cells
  readonly #limits: SchedulerLimits
  readonly #flights: Flight[] = []
  readonly #spareFlights: Flight[] = []
  readonly #spareGroups: Group[] = []
  readonly #spanRows = new SpanRows()
  /** The micro-batch being filled. */
  #open: Flight | undefined
  #nextNumber = 0
  #nextRun = 0
  #stepCount = 0
  /** The newest micro-batch that has left the first stage. */
  #passed = -1

  constructor(cells: Cells, limits: SchedulerLimits) {
    this.#cells = cells
    this.#limits = limits
  }

  /** Oldest first. */
  get flights(): readonly Flight[] {
    return this.#flights
  }
  /** Of the micro-batch submitted last, -1 before the first. */
  get lastNumber(): number {
    return this.#nextNumber - 1
  }
  /** Micro-batches in flight with decode or draft rows. */
  get stepCount(): number {
    return this.#stepCount
  }
  /** Micro-batches that wait for the first stage or are in it, as far as known. */
  get beforeFirstCount(): number {
    return this.#nextNumber - 1 - this.#passed
  }
  /** Micro-batches with a decode row that is certain: each will bring a sequence on. */
  get leadingCount(): number {
    const leads = ({ groups }: Flight) => groups.some(({ state, kind }) => state === 'final' && kind !== 'prefill')
    return this.#flights.reduce((count, flight) => count + (leads(flight) ? 1 : 0), 0)
  }
  /** Rows in the micro-batch being filled, and the positions that they read. */
  get openLoad(): StepLoad {
    let positions = 0
    for (const { position, count } of this.#open?.groups ?? []) positions += readBy(position, count)
    return { rows: this.#open?.rowCount ?? 0, positions }
  }
  /** Groups in the micro-batch being filled. */
  get openGroupCount(): number {
    return this.#open?.groups.length ?? 0
  }
  /** Rows that still fit the micro-batch being filled, and rows with a head; none where it is full of groups. */
  get openRowsLeft(): number {
    if (this.openGroupCount === GROUPS_MAX) return 0
    return microBatchRows(this.#limits.chunkRows) - (this.#open?.rowCount ?? 0)
  }
  get openHeadsLeft(): number {
    return Math.min(this.openRowsLeft, this.#limits.headRowsMax - (this.#open?.headCount ?? 0))
  }

  startRun(): RunId {
    return this.#nextRun++ as RunId
  }

  /** Adds the row of the sequence's newest token to the micro-batch being filled. */
  addFinal(run: RunId, sequence: Sequence): Group {
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
  addGuess(run: RunId, sequence: Sequence, parent: Group, token: TokenId): Group | undefined {
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

  #draftCell(sequence: Sequence, position: number): CellIndex | undefined {
    const own = sequence.cells[position]
    const taken = (flight: Flight) =>
      flight.groups.some((row) => row.cell === own && row.count === 1 && row.state !== 'dead' && row.state !== 'unused')
    if (own !== undefined && !this.#flights.some(taken) && !(this.#open && taken(this.#open))) return own
    if (this.#cells.freeCount === 0) return undefined
    const spare: CellIndex[] = []
    this.#cells.allocate(1, spare)
    return spare[0]!
  }

  #addRow(run: RunId, kind: RunKind, owner: Sequence): Group {
    const row = this.#addGroup(run, kind, owner, 1)
    row.sequence = owner.id
    row.ancestors = NO_CELLS
    row.head = owner.request.work.kind === 'generate' ? owner.request.work.head : 'top'
    this.#addRowOf(row)
    this.#countHeads(row, 1)
    return row
  }

  /** The row in flight whose result tells the next token of a waiting sequence. */
  frontier(sequence: Sequence): Group | undefined {
    for (const { groups } of this.#flights) {
      for (const row of groups) {
        if (isFor(row, sequence) && row.state === 'final' && row.position + row.count === sequence.length) return row
      }
    }
    return undefined
  }

  /** Certain tokens of a live sequence in front of the first whose row is in flight. */
  writtenLength(sequence: Sequence): number {
    let length = sequence.committedLength
    for (const { groups } of this.#flights) {
      for (const row of groups) {
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
  submit(): Flight | undefined {
    const flight = this.#open
    if (!flight) return undefined
    this.#open = undefined
    if (flight.decodeCount > 0) this.#stepCount++
    flight.number = this.#nextNumber++ as MicroBatchNumber
    this.#flights.push(flight)
    return flight
  }

  /** Adds a span of a prompt, read by `readers`, to the micro-batch being filled. */
  addPrompt(run: RunId, readers: Sequence[], span: TokenSpan): Group {
    const group = this.#addSpan(run, 'prefill', span)
    group.readers = readers
    transition(group, 'submit', this.counts)
    return group
  }

  /** Adds a span of a live text's node. */
  addText(run: RunId, node: NodeOfText, span: TokenSpan): Group {
    const group = this.#addSpan(run, 'draft', span)
    group.node = node.id
    transition(group, node.isCommitted ? 'submit' : 'guess', this.counts)
    return group
  }

  #addSpan(run: RunId, kind: RunKind, span: TokenSpan): Group {
    const { sequence, from, end, tokens, tokensFrom, headFrom, head } = span
    assert(from < end, 'a group without rows')
    const group = this.#addGroup(run, kind, sequence, end - from)
    place(group, tokens[from - tokensFrom]!, from, sequence.cells[from]!)
    group.sequence = sequence.id
    group.committedLength = from + 1
    group.ancestors = NO_CELLS
    group.head = headFrom < end ? head : 'none'
    if (group.count === 1) this.#addRowOf(group)
    else this.#addRowsOf(group, span)
    this.#countHeads(group, Math.max(0, end - Math.max(from, headFrom)))
    return group
  }

  /** A group of one row is its own record. */
  #addRowOf({ flight }: Group): void {
    if (flight.rows !== flight.groups) this.#spanRows.rows.push(flight.groups.at(-1)!)
  }

  #addRowsOf({ flight, group }: Group, span: TokenSpan): void {
    if (flight.rows === flight.groups) {
      // From here on rows are not groups.
      this.#spanRows.begin(flight.groups, group)
      flight.rows = this.#spanRows.rows
    }
    this.#spanRows.add(group, span)
  }

  #countHeads(group: Group, count: number): void {
    const { flight } = group
    group.headCount = count
    flight.headCount += count
    assert(flight.headCount <= this.#limits.headRowsMax, 'a micro-batch has too many rows with a head')
  }

  #addGroup(run: RunId, kind: RunKind, owner: Sequence, rows: number): Group {
    assert(rows <= this.openRowsLeft, 'a micro-batch has too many rows or groups')
    this.#open ??= this.#spareFlights.pop() ?? new Flight()
    const flight = this.#open
    const group = this.#spareGroups.pop() ?? new Group()
    group.run = run
    group.kind = kind
    group.owner = owner
    group.flight = flight
    group.group = flight.groups.length
    group.first = flight.rowCount
    group.count = rows
    group.node = NO_NODE
    group.readers = NOBODY
    group.isFaulty = false
    flight.groups.push(group)
    flight.rowCount += rows
    if (kind === 'decode' || kind === 'verify') flight.decodeCount++
    owner.request.inFlightCount++
    return group
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
    if (flight.decodeCount > 0) this.#stepCount--
    for (const row of flight.groups) {
      transition(row, 'return', this.counts)
      row.owner.request.inFlightCount--
    }
    return flight
  }

  /** Gives the records of a judged micro-batch back to their pools. */
  recycle(flight: Flight): void {
    const { groups } = flight
    while (groups.length > 0) {
      const row = groups.pop()!
      assert(row.state === 'unused' && !row.parent && !row.firstChild, `a row that is ${row.state} is recycled`)
      this.#spareGroups.push(row)
    }
    flight.rows = groups
    flight.rowCount = 0
    flight.headCount = 0
    flight.decodeCount = 0
    flight.withdrawn = 0
    this.#spareFlights.push(flight)
  }

  /** Everything about the row is known. Its children have been accepted or withdrawn. */
  retire(row: Group): void {
    transition(row, row.node === NO_NODE ? 'judged' : 'read', this.counts)
  }

  /** The drafted token of `row` is the target's: the row is final, and its cell is the one of its position from now on. */
  accept(row: Group): void {
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
  commit(row: Group): void {
    transition(row, 'accept', this.counts)
  }

  /**
   * Withdraws the row and all its descendants. In flight they travel on as dead rows; their cells are free at once.
   * `isRight`: the drafted token is the target's, and ends the text.
   */
  withdraw(row: Group, event: GroupEvent & ('reject' | 'abort' | 'pause'), isRight = false): void {
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
    if (row.state === 'dead') row.flight.withdrawn |= 1 << row.group
    if (assumed && row.owner.cells[row.position] !== row.cell) this.#cells.release([row.cell])
  }
}
