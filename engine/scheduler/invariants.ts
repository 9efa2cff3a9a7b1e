// What must be true between any two calls of the scheduler. Linear in cells and rows: for tests and the simulator; the
// cheap checks are asserts where things happen.
import type { CellIndex, SequenceId } from '../domain.ts'
import { assert } from '../errors.ts'
import { GROUPS_MAX, microBatchRows } from '../limits.ts'
import { shownTo } from './beginnings.ts'
import type { SchedulerLimits } from './events.ts'
import { type Flight, type Group, isFor, NO_NODE } from './run.ts'
import type { Scheduler } from './scheduler.ts'
import { running, type Sequence } from './sequence.ts'
import { around, type SchedulerState } from './state.ts'
import { endOf } from './texts.ts'

/** Throws when the state of the scheduler contradicts itself. Call after `handle` and after `poll`. */
export function checkInvariants(scheduler: Scheduler): void {
  const { insides } = scheduler
  const { runTable, judging } = insides
  const flying = rowsOf(runTable.flights)
  const all = judging.flight ? [...judging.flight.groups, ...flying] : flying
  checkFlights(insides, all)
  checkRequests(insides, flying, all)
  checkTexts(insides, all)
  checkIndexed(insides)
  checkCells(insides, all)
}

/** What must hold when `poll` has answered IDLE: everything that could be done has been. */
export function checkIdle(scheduler: Scheduler): void {
  const { admission, runTable, requests, judging, drafting, transfers, texts, hasPaused } = scheduler.insides
  assert(!judging.flight, 'idle with a returned micro-batch open')
  assert(judging.drawableCount === 0, 'idle with a token to draw')
  assert(hasPaused || !admission.canAdmit(around(scheduler.insides)), 'idle while a request fits')
  const asking = [...requests.values()].some(({ work }) => work.kind !== 'text')
  const stuck = runTable.flights.length === 0 && (asking || admission.waitingCount > 0)
  const isAsking = drafting.openCount > 0 || transfers.live.size > 0 || judging.deferred.size > 0
  assert(!stuck || isAsking, 'idle with live requests, nothing in flight and nobody to wait for')
  assert(runTable.flights.length > 0 || texts.waiting.length === 0, 'idle with tokens of a text to submit')
}

function rowsOf(flights: readonly Flight[]): Group[] {
  const rows: Group[] = []
  for (const { groups } of flights) for (const row of groups) rows.push(row)
  return rows
}
const isLive = ({ state }: Group): boolean => state !== 'dead' && state !== 'unused'

function checkFlights({ runTable, judging, limits }: SchedulerState, all: readonly Group[]): void {
  const { flights } = runTable
  assert(flights.length <= limits.inFlightMax, `${flights.length} micro-batches in flight`)
  const steps = flights.filter(({ decodeCount }) => decodeCount > 0).length
  assert(runTable.stepCount === steps, `${runTable.stepCount} micro-batches are counted as steps, ${steps} are`)
  flights.forEach((flight, i) => {
    assert(i === 0 || flight.number === flights[i - 1]!.number + 1, 'micro-batches in flight are not in order')
    assert(flight.withdrawn === 0, 'rows were withdrawn without a cancel')
    checkGroups(flight, limits)
    for (const { state } of flight.groups) {
      assert(state === 'final' || state === 'assumed' || state === 'dead', `a row in flight is ${state}`)
    }
  })
  for (const { state } of judging.flight?.groups ?? []) {
    assert(state === 'arrived' || state === 'arrived-assumed' || state === 'unused', `a returned row is ${state}`)
  }
  for (const row of all) if (isLive(row)) checkRow(row, judging.row === row)
}

/** Groups follow each other and fill the micro-batch, and no more than there is room for. */
function checkGroups({ number, groups, rowCount, headCount, decodeCount }: Flight, limits: SchedulerLimits): void {
  assert(groups.length >= 1 && groups.length <= GROUPS_MAX, `${groups.length} groups in micro-batch ${number}`)
  let [rows, heads, decodes, prompts] = [0, 0, 0, 0]
  groups.forEach(({ group, first, count, headCount: own, kind }, i) => {
    assert(group === i && first === rows && count >= 1, 'groups of a micro-batch do not follow each other')
    assert(count === 1 || kind === 'prefill' || kind === 'draft', `a group of ${count} rows of kind ${kind}`)
    rows += count
    heads += own
    if (kind === 'decode' || kind === 'verify') decodes++
    else prompts += count
  })
  assert(rows === rowCount && heads === headCount && decodes === decodeCount, 'rows of a micro-batch do not add up')
  assert(rows <= microBatchRows(limits.chunkRows) && prompts <= limits.chunkRows, `micro-batch ${number} is too large`)
  assert(heads <= limits.headRowsMax, `${heads} rows with a head in micro-batch ${number}`)
}

const isOver = ({ phase }: Sequence): boolean => phase === 'ended' || phase === 'paused'

/** A live row writes a cell of its own, and all it sees is live or committed. */
function checkRow(row: Group, beingJudged: boolean): void {
  const { owner, position, parent, state } = row
  const needed = row.kind === 'prefill' ? !row.readers.every(isOver) : !isOver(owner)
  assert(needed || beingJudged, 'a live row of an ended sequence')
  const assumed = state === 'assumed' || state === 'arrived-assumed'
  if (row.node !== NO_NODE) return assert(owner.cells[position] === row.cell, 'a row of a text writes a foreign cell')
  assert(assumed === (parent !== undefined), `a row that is ${state} has ${parent ? 'a' : 'no'} parent`)
  if (parent) assert(isLive(parent) && parent.position + parent.count === position, 'a draft behind a row that is gone')
  if (row.kind === 'prefill') return assert(row.readers.length > 0, 'a row of a prompt that nobody waits for')
  assert(
    assumed ? position >= owner.committedLength : isOver(owner) || owner.cells[position] === row.cell,
    'a row writes a foreign cell',
  )
  assert(row.committedLength <= position + 1, 'a row sees beyond itself')
  const ancestors = Math.max(0, position - row.committedLength)
  assert(row.ancestors.length === ancestors, `${row.ancestors.length} ancestors named, ${ancestors} not committed`)
}

function checkRequests(
  { requests, ready, prefill, decodingCount, judging }: SchedulerState,
  rows: readonly Group[],
  candidates: readonly Group[],
): void {
  for (const { owner } of rows) {
    assert(requests.get(owner.request.id) === owner.request, `request ${owner.request.id} is done with rows in flight`)
  }
  let decoding = 0
  for (const request of requests.values()) {
    const live = request.sequences.filter(({ phase }) => phase !== 'ended')
    assert(request.liveCount === live.length, `request ${request.id} counts ${request.liveCount} live sequences`)
    const count = rows.filter(({ owner }) => owner.request === request).length
    assert(request.inFlightCount === count, `request ${request.id} counts ${request.inFlightCount} rows of ${count}`)
    assert(live.length > 0 || count > 0, `request ${request.id} is over and not done`)
    for (const sequence of live) {
      const isDeferred = judging.deferred.has(sequence)
      // The row of a token that was deferred is there until the next question.
      checkSequence(sequence, isDeferred ? candidates.filter((row) => row !== judging.row) : candidates, isDeferred)
      if (sequence.phase === 'text') continue
      if (sequence.phase === 'paused') assert(sequence.cells.length === 0, 'a sequence that pauses holds cells')
      assert(ready.includes(sequence) === (sequence.phase === 'ready'), 'the ready list is wrong')
      assert(
        (prefill.readersOf(sequence) !== undefined) === (sequence.phase === 'prefill'),
        'the list of prefills is wrong',
      )
      if (sequence.isDecoding) decoding++
    }
  }
  assert(decoding === decodingCount, `${decodingCount} sequences are counted as decoding, ${decoding} are`)
  assert(new Set(ready).size === ready.length, 'a sequence is ready twice')
  assert(ready.every(({ phase }) => phase === 'ready'), 'a sequence in the ready list is not ready') // biome-ignore format: one line reads better
}

/** Of every sequence that runs the index has the text, unless nobody may find it; shared is only what is out of the pipeline. */
function checkIndexed({ requests, runTable }: SchedulerState): void {
  const alive = new Set(running(requests))
  for (const { sequences } of requests.values()) {
    for (const sequence of sequences) {
      const { indexed } = sequence
      const isShown = alive.has(sequence) && shownTo(sequence) !== undefined
      assert((indexed !== undefined) === isShown, 'the index has kept a text, or lost one')
      if (!indexed) continue
      assert(indexed.written <= runTable.writtenLength(sequence), 'cells are shared that are not written')
      assert(indexed.written <= sequence.cells.length && indexed.holders === 1, 'cells are shared that nobody holds')
    }
  }
}

/** The rows of a text are those of its nodes, which follow each other, parents first. */
function checkTexts({ requests, texts }: SchedulerState, all: readonly Group[]): void {
  for (const { id, work } of requests.values()) {
    if (work.kind !== 'text') continue
    const rows = all.filter((row) => row.owner.request.id === id && isLive(row))
    const nodes = [...texts.nodesOf(id)]
    for (const node of nodes) {
      const { parent, from, tokens, submitted, isCommitted } = node
      const follows = parent === undefined ? from === 0 : endOf(parent) === from
      assert(follows && (!parent || parent.next === node), 'a node does not follow its parent')
      assert(!isCommitted || !parent || parent.isCommitted, 'a committed node follows one that is not')
      const isFirst = submitted > 0 && parent !== undefined
      assert(!isFirst || parent.submitted === parent.tokens.length, 'a node is submitted before its parent')
      assert(texts.waiting.includes(node) === submitted < tokens.length, 'the list of waiting nodes is wrong')
      for (const row of node.rows) assert(rows.includes(row), 'a node counts a row that is gone')
    }
    for (const row of rows) {
      const node = nodes.find((other) => other.id === row.node)
      assert(node ? node.rows.includes(row) : isCertain(row), 'a row of no node')
    }
  }
}

const isCertain = ({ state }: Group): boolean => state === 'final' || state === 'arrived'

/** Exactly one thing will bring a sequence on: its prompt, a row of its newest token, what was deferred, or the policy. */
function checkSequence(sequence: Sequence, rows: readonly Group[], isDeferred: boolean): void {
  const { phase, text, length, committedLength, lengthMax, cells } = sequence
  assert(length <= lengthMax && committedLength <= length, 'a sequence is longer than it may be')
  const frontiers = rows.filter((row) => isFrontier(row, sequence))
  assert(phase === 'text' || text.length === length, 'a sequence has lost count of its text')
  assert(committedLength <= cells.length, 'rows were submitted without cells')
  if (phase === 'ready') assert(committedLength === length - 1, 'a ready sequence has submitted its newest token')
  if (phase === 'waiting') {
    assert(committedLength === length, 'a waiting sequence has not submitted its newest token')
    const tellers = frontiers.length + Number(isDeferred)
    assert(tellers === 1, `${tellers} things will tell the next token of a waiting sequence`)
  } else assert(!isDeferred, 'a token is deferred of a sequence that does not wait for one')
}

function isFrontier(row: Group, sequence: Sequence): boolean {
  const certain = row.state === 'final' || row.state === 'arrived'
  return certain && isFor(row, sequence) && row.position + row.count === sequence.length
}

/** Every cell is free or referred to exactly as often as counted, and nobody else refers to what a row in flight writes. */
function checkCells(state: SchedulerState, rows: readonly Group[]): void {
  const { cells, requests, kept, transfers } = state
  const references = new Uint16Array(cells.capacity)
  const keepers = new Uint16Array(cells.capacity)
  for (const { text } of transfers.live.values()) for (const cell of text.cells) references[cell]!++
  for (const text of kept.all()) {
    assert(text.cells.length === text.tokens.length, 'a text is kept in cells of no token')
    for (const cell of text.cells) keepers[cell]!++
  }
  for (const request of requests.values()) {
    for (const sequence of request.sequences) for (const cell of sequence.cells) references[cell]!++
  }
  for (const row of rows) {
    const draft = row.state === 'assumed' || row.state === 'arrived-assumed'
    if (draft && row.owner.cells[row.position] !== row.cell) references[row.cell]!++
  }
  for (const { state, kind, cell } of rows) {
    const isWriting = state === 'final' || state === 'assumed'
    if (isWriting && kind !== 'prefill') assert(references[cell]! + keepers[cell]! === 1, 'a row writes a shared cell')
  }
  let [used, keptCount] = [0, 0]
  for (let cell = 0; cell < cells.capacity; cell++) {
    const counted = cells.references(cell as CellIndex)
    const exist = references[cell]! + keepers[cell]!
    // The message is put together only where it is needed: there are many cells.
    if (counted !== exist) assert(false, `cell ${cell} counts ${counted} references, ${exist} exist`)
    if (counted > 0) used++
    if (counted > 0 && references[cell] === 0) keptCount++
  }
  assert(used + cells.freeCount === cells.capacity, 'KV cells leak')
  assert(keptCount === cells.keptCount, `${cells.keptCount} cells are counted as kept, ${keptCount} are`)
  checkIds(state)
}

function checkIds({ requests, admission, limits }: SchedulerState): void {
  const ids: SequenceId[] = [...admission.freeIds]
  for (const { sequences } of requests.values()) {
    for (const { phase, id } of sequences) if (phase !== 'ended' && phase !== 'paused') ids.push(id)
  }
  assert(
    new Set(ids).size === limits.sequences && ids.length === limits.sequences,
    'sequence ids leak or are used twice',
  )
}
