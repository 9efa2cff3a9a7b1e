// Slot layouts: how a micro-batch and a return record lie in ring slots, as offsets and accessors. Pure: every function
// works on typed arrays and a base, allocates nothing (except `decodeMicroBatch`, for tests and traces) and knows no
// Atomics. Publishing a slot is the ring's business.
import type { CellIndex, HeadKind, MicroBatch, MicroBatchNumber, Row, SequenceId, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import { ANCESTORS_MAX, CHUNK_ROWS_MAX, GROUPS_MAX, STAGES_MAX, TOP_COUNT } from '../limits.ts'

// Micro-batch record, in 32-bit words: header, rows, then the ancestors area.

/** What the words mean. A stage takes no record of another version. */
const RECORD_VERSION = 1

/** Word offsets in the header. */
const HEADER_VERSION = 0
/** The number takes two words: it never wraps. */
const HEADER_NUMBER_LOW = 1
const HEADER_NUMBER_HIGH = 2
const HEADER_ROW_COUNT = 3
/** Words of the record from its base on: what a stage copies to hand the record on. */
const HEADER_USED_WORDS = 4
/** Rows whose head kind is not `none`. */
const HEADER_HEAD_ROW_COUNT = 5
/** Bit per group that was alive when the record was handed on: the rows of others have no activations. */
const HEADER_ALIVE = 6
/** Bit per group that has a row whose K or V did not fit the KV type in a stage so far. */
const HEADER_FAULTS = 7
/** When it was put into the ring it is in; see clock.ts. */
const HEADER_SENT = 8
/** When a stage stopped in the middle of it because its rows had all died; 0 while none has. */
const HEADER_STOPPED = 9
/** Stages that are done with it, and the microseconds that each of them computed. */
const HEADER_STAGE_COUNT = 10
const HEADER_STAGE_TIMES = 11
export const HEADER_WORDS = HEADER_STAGE_TIMES + STAGES_MAX

/** Word offsets in a row. */
const ROW_TOKEN = 0
const ROW_SEQUENCE = 1
const ROW_POSITION = 2
const ROW_CELL = 3
const ROW_COMMITTED_LENGTH = 4
/** One of `HEAD_NONE` .. `HEAD_SCORED`. */
const ROW_HEAD = 5
/** First word of the row's ancestor cells, counted from the record's base. */
const ROW_ANCESTOR_OFFSET = 6
/** Words there: the cells of positions committedLength..position, the row's own cell last, as attention reads them. */
const ROW_ANCESTOR_COUNT = 7
/** The group it lives and dies with: its bit in masks. */
const ROW_GROUP = 8
const ROW_STATE_SLOT = 9
const ROW_WORDS = 10

export const HEAD_NONE = 0
export const HEAD_BEST = 1
const HEAD_TOP = 2
export const HEAD_EMBEDDING = 3
export const HEAD_SCORED = 4

const HEAD_CODES: Record<HeadKind, number> = {
  none: HEAD_NONE,
  best: HEAD_BEST,
  top: HEAD_TOP,
  embedding: HEAD_EMBEDDING,
  scored: HEAD_SCORED,
}
const HEAD_KINDS: readonly HeadKind[] = ['none', 'best', 'top', 'embedding', 'scored']

/** The ancestors and own cells of as many rows as have any: one of a group. */
const ANCESTOR_WORDS_MAX = GROUPS_MAX * (ANCESTORS_MAX + 1)
/** Records start and end on a cache line, so what follows one in a slot is aligned. */
export const LINE_WORDS = 16

/** Words for any micro-batch of up to `rows` rows; a whole number of cache lines. */
export function slotWords(rows: number): number {
  assert(rows >= 1 && rows <= CHUNK_ROWS_MAX, `micro-batches of ${rows} rows, not of 1..${CHUNK_ROWS_MAX}`)
  const words = HEADER_WORDS + rows * ROW_WORDS + ANCESTOR_WORDS_MAX
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS
}

/** Writes the record at `words[base..]` (room for `slotWords`) and returns the words used. */
export function encodeMicroBatch(words: Int32Array, base: number, { number, rows }: MicroBatch): number {
  const count = rows.length
  if (count < 1 || count > CHUNK_ROWS_MAX) assert(false, `micro-batch of ${count} rows`)
  let end = HEADER_WORDS + count * ROW_WORDS
  let headRows = 0
  let group = -1
  for (let index = 0; index < count; index++) {
    const row = rows[index]!
    const isFirst = row.group === group + 1
    if (!isFirst && row.group !== group) assert(false, `a row of group ${row.group} behind one of group ${group}`)
    group = row.group
    const before = end
    end = encodeRow(words, base, index, row, end)
    if (end !== before && !isFirst) assert(false, 'a row of a larger group is not covered by the cell table')
    if (row.head !== 'none') headRows++
  }
  if (group >= GROUPS_MAX) assert(false, `micro-batch of ${group + 1} groups`)
  words[base + HEADER_VERSION] = RECORD_VERSION
  words[base + HEADER_NUMBER_LOW] = number
  words[base + HEADER_NUMBER_HIGH] = Math.floor(number / 2 ** 32)
  words[base + HEADER_ROW_COUNT] = count
  words[base + HEADER_USED_WORDS] = end
  words[base + HEADER_HEAD_ROW_COUNT] = headRows
  words[base + HEADER_ALIVE] = groupsMask(group + 1)
  words[base + HEADER_FAULTS] = 0
  words[base + HEADER_SENT] = 0
  words[base + HEADER_STOPPED] = 0
  words[base + HEADER_STAGE_COUNT] = 0
  return end
}

/** The bits of groups `0 .. count - 1`. */
export const groupsMask = (count: number): number => (count >= 32 ? -1 : (1 << count) - 1)

/** Writes one row, its cells from `base + end` on, and returns the new end. */
function encodeRow(words: Int32Array, base: number, index: number, row: Row, end: number): number {
  const { ancestors, position, committedLength } = row
  const at = rowBase(base, index)
  const cellCount = position < committedLength ? 0 : ancestors.length + 1
  if (ancestors.length > ANCESTORS_MAX || cellCount !== Math.max(0, position + 1 - committedLength)) {
    assert(false, `row at position ${position} with ${committedLength} committed names ${ancestors.length} ancestors`)
  }
  words[at + ROW_TOKEN] = row.token
  words[at + ROW_SEQUENCE] = row.sequence
  words[at + ROW_POSITION] = position
  words[at + ROW_CELL] = row.cell
  words[at + ROW_COMMITTED_LENGTH] = committedLength
  words[at + ROW_HEAD] = HEAD_CODES[row.head]
  words[at + ROW_ANCESTOR_OFFSET] = end
  words[at + ROW_ANCESTOR_COUNT] = cellCount
  words[at + ROW_GROUP] = row.group
  words[at + ROW_STATE_SLOT] = row.stateSlot
  if (cellCount === 0) return end
  for (let i = 0; i < ancestors.length; i++) words[base + end + i] = ancestors[i]!
  words[base + end + ancestors.length] = row.cell
  return end + cellCount
}

/** Throws for a record of another version. */
export function checkVersion(words: Int32Array, base: number): void {
  const version = words[base + HEADER_VERSION]!
  if (version !== RECORD_VERSION) assert(false, `expected a record of version ${RECORD_VERSION}, found ${version}`)
}
export function microBatchNumber(words: Int32Array, base: number): MicroBatchNumber {
  return joinNumber(words[base + HEADER_NUMBER_LOW]!, words[base + HEADER_NUMBER_HIGH]!)
}
export function rowCount(words: Int32Array, base: number): number {
  return words[base + HEADER_ROW_COUNT]!
}
export function headRowCount(words: Int32Array, base: number): number {
  return words[base + HEADER_HEAD_ROW_COUNT]!
}
/** Bit per group that was alive when the record was handed on. */
export function aliveGroups(words: Int32Array, base: number): number {
  return words[base + HEADER_ALIVE]!
}
export function setAliveGroups(words: Int32Array, base: number, groups: number): void {
  words[base + HEADER_ALIVE] = groups
}
function faultMask(words: Int32Array, base: number): number {
  return words[base + HEADER_FAULTS]!
}
export function addFaults(words: Int32Array, base: number, faults: number): void {
  words[base + HEADER_FAULTS]! |= faults
}
/** Microseconds, cut to 32 bits. */
export function sentUs(words: Int32Array, base: number): number {
  return words[base + HEADER_SENT]!
}
export function setSentUs(words: Int32Array, base: number, us: number): void {
  words[base + HEADER_SENT] = us
}
/** Microseconds, cut to 32 bits; 0: not stopped. */
export function stoppedUs(words: Int32Array, base: number): number {
  return words[base + HEADER_STOPPED]!
}
export function setStoppedUs(words: Int32Array, base: number, us: number): void {
  words[base + HEADER_STOPPED] = us | 0 || 1
}
/** The next stage is done with the micro-batch and has computed for so long. */
export function addStageUs(words: Int32Array, base: number, us: number): void {
  const stage = words[base + HEADER_STAGE_COUNT]!++
  if (stage >= STAGES_MAX) assert(false, `a micro-batch passes more than ${STAGES_MAX} stages`)
  words[base + HEADER_STAGE_TIMES + stage] = us
}
/** Words from `base` that a stage copies to hand the record on. */
export function usedWords(words: Int32Array, base: number): number {
  return words[base + HEADER_USED_WORDS]!
}
/** Index of the first word of a row; add `ROW_*`. */
function rowBase(base: number, row: number): number {
  return base + HEADER_WORDS + row * ROW_WORDS
}
export function rowToken(words: Int32Array, base: number, row: number): TokenId {
  return words[rowBase(base, row) + ROW_TOKEN]!
}
export function rowSequence(words: Int32Array, base: number, row: number): SequenceId {
  return words[rowBase(base, row) + ROW_SEQUENCE]! as SequenceId
}
export function rowPosition(words: Int32Array, base: number, row: number): number {
  return words[rowBase(base, row) + ROW_POSITION]!
}
export function rowCell(words: Int32Array, base: number, row: number): CellIndex {
  return words[rowBase(base, row) + ROW_CELL]! as CellIndex
}
export function rowCommittedLength(words: Int32Array, base: number, row: number): number {
  return words[rowBase(base, row) + ROW_COMMITTED_LENGTH]!
}
export function rowHead(words: Int32Array, base: number, row: number): number {
  return words[rowBase(base, row) + ROW_HEAD]!
}
/** Index in `words` of the cell of position committedLength; `rowAncestorCount` cells, the row's own the last. */
export function rowAncestorIndex(words: Int32Array, base: number, row: number): number {
  return base + words[rowBase(base, row) + ROW_ANCESTOR_OFFSET]!
}
/** Cells of positions committedLength..position; 0 when the shared table covers the row's own position too. */
export function rowAncestorCount(words: Int32Array, base: number, row: number): number {
  return words[rowBase(base, row) + ROW_ANCESTOR_COUNT]!
}
export function rowGroup(words: Int32Array, base: number, row: number): number {
  return words[rowBase(base, row) + ROW_GROUP]!
}
function rowStateSlot(words: Int32Array, base: number, row: number): number {
  return words[rowBase(base, row) + ROW_STATE_SLOT]!
}

/** The record as objects, for tests, the simulator and traces. */
export function decodeMicroBatch(words: Int32Array, base: number): MicroBatch {
  checkVersion(words, base)
  const rows: Row[] = []
  for (let row = 0; row < rowCount(words, base); row++) {
    const first = rowAncestorIndex(words, base, row)
    const cells = words.subarray(first, first + Math.max(0, rowAncestorCount(words, base, row) - 1))
    rows.push({
      token: rowToken(words, base, row),
      sequence: rowSequence(words, base, row),
      position: rowPosition(words, base, row),
      cell: rowCell(words, base, row),
      committedLength: rowCommittedLength(words, base, row),
      ancestors: Array.from(cells) as CellIndex[],
      head: HEAD_KINDS[rowHead(words, base, row)]!,
      group: rowGroup(words, base, row),
      stateSlot: rowStateSlot(words, base, row),
    })
  }
  return { number: microBatchNumber(words, base), rows }
}

function joinNumber(low: number, high: number): MicroBatchNumber {
  return ((low >>> 0) + high * 2 ** 32) as MicroBatchNumber
}

// Return record, in bytes: header, then one entry per head row that was alive when the head was computed, in row
// order. A row without an entry was dead there. Bases are byte offsets, multiples of 8, into views of one buffer.

/** Views of the whole buffer that holds return slots. */
export interface ReturnViews {
  readonly i32: Int32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
}

const RETURN_NUMBER_LOW = 0
const RETURN_NUMBER_HIGH = 4
const RETURN_ENTRY_COUNT = 8
const RETURN_FAULT_MASK = 12
const RETURN_STOPPED = 16
const RETURN_STAGE_COUNT = 20
const RETURN_STAGE_TIMES = 24
const RETURN_HEADER_BYTES = RETURN_STAGE_TIMES + 4 * STAGES_MAX

const ENTRY_LOGSUMEXP = 0
const ENTRY_ROW = 8
const ENTRY_LOGITS_OFFSET = 12
const ENTRY_COUNT = 16
const ENTRY_NAN_COUNT = 20
const ENTRY_IDS = 24
const ENTRY_LOGITS = ENTRY_IDS + 4 * TOP_COUNT
const ENTRY_BYTES = ENTRY_LOGITS + 4 * TOP_COUNT

/** Bytes that hold the return record of a micro-batch with up to `rows` head rows; a whole number of cache lines. */
export function returnSlotBytes(rows: number): number {
  return Math.ceil((RETURN_HEADER_BYTES + rows * ENTRY_BYTES) / 64) * 64
}

export function returnViews(buffer: ArrayBufferLike): ReturnViews {
  return { i32: new Int32Array(buffer), f32: new Float32Array(buffer), f64: new Float64Array(buffer) }
}

/** Starts a record of `entryCount` entries; faults and what else the stages found come with `finishReturn`. */
export function beginReturn(views: ReturnViews, base: number, number: MicroBatchNumber, entryCount: number): void {
  views.i32[(base + RETURN_NUMBER_LOW) >>> 2] = number
  views.i32[(base + RETURN_NUMBER_HIGH) >>> 2] = Math.floor(number / 2 ** 32)
  views.i32[(base + RETURN_ENTRY_COUNT) >>> 2] = entryCount
}

/** Writes entry `entry`, for head row `row`; ids and logits lie at the `return*Index` offsets. */
export function writeReturnEntry(
  views: ReturnViews,
  base: number,
  entry: number,
  row: number,
  logitsOffsetBytes: number,
  logsumexp: number,
  count: number,
  nanCount: number,
): void {
  const at = entryBase(base, entry)
  views.f64[(at + ENTRY_LOGSUMEXP) >>> 3] = logsumexp
  views.i32[(at + ENTRY_ROW) >>> 2] = row
  views.i32[(at + ENTRY_LOGITS_OFFSET) >>> 2] = logitsOffsetBytes
  views.i32[(at + ENTRY_COUNT) >>> 2] = count
  views.i32[(at + ENTRY_NAN_COUNT) >>> 2] = nanCount
}

export function returnNumber(views: ReturnViews, base: number): MicroBatchNumber {
  return joinNumber(views.i32[(base + RETURN_NUMBER_LOW) >>> 2]!, views.i32[(base + RETURN_NUMBER_HIGH) >>> 2]!)
}
export function returnEntryCount(views: ReturnViews, base: number): number {
  return views.i32[(base + RETURN_ENTRY_COUNT) >>> 2]!
}
/** Bit per group that has a row whose K or V did not fit the KV type. */
export function returnFaultMask(views: ReturnViews, base: number): number {
  return views.i32[(base + RETURN_FAULT_MASK) >>> 2]!
}
/** When a stage stopped in the middle of it, as `stoppedUs`. */
export function returnStoppedUs(views: ReturnViews, base: number): number {
  return views.i32[(base + RETURN_STOPPED) >>> 2]!
}
/** Microseconds that a stage computed; 0 where it had nothing to compute. */
export function returnStageUs(views: ReturnViews, base: number, stage: number): number {
  return stage < views.i32[(base + RETURN_STAGE_COUNT) >>> 2]!
    ? views.i32[(base + RETURN_STAGE_TIMES + 4 * stage) >>> 2]!
    : 0
}
/** Copies what the stages noted in the micro-batch's record. */
export function finishReturn(views: ReturnViews, base: number, words: Int32Array, record: number): void {
  views.i32[(base + RETURN_FAULT_MASK) >>> 2] = faultMask(words, record)
  views.i32[(base + RETURN_STOPPED) >>> 2] = stoppedUs(words, record)
  const stages = words[record + HEADER_STAGE_COUNT]!
  views.i32[(base + RETURN_STAGE_COUNT) >>> 2] = stages
  for (let stage = 0; stage < stages; stage++) {
    views.i32[(base + RETURN_STAGE_TIMES + 4 * stage) >>> 2] = words[record + HEADER_STAGE_TIMES + stage]!
  }
}
/** The entry of a row of the micro-batch, -1 when the row was dead or had no head. */
export function returnEntryOfRow(views: ReturnViews, base: number, row: number): number {
  const count = returnEntryCount(views, base)
  for (let entry = 0; entry < count; entry++) {
    if (views.i32[(entryBase(base, entry) + ENTRY_ROW) >>> 2] === row) return entry
  }
  return -1
}
/** Byte offset of the row's f32 logits in the last stage's memory. */
export function returnLogitsOffsetBytes(views: ReturnViews, base: number, entry: number): number {
  return views.i32[(entryBase(base, entry) + ENTRY_LOGITS_OFFSET) >>> 2]! >>> 0
}
export function returnLogsumexp(views: ReturnViews, base: number, entry: number): number {
  return views.f64[(entryBase(base, entry) + ENTRY_LOGSUMEXP) >>> 3]!
}
/** Best tokens in the entry: 1 for head kind `best`, up to `TOP_COUNT` for `top` and `scored`. */
export function returnTopCount(views: ReturnViews, base: number, entry: number): number {
  return views.i32[(entryBase(base, entry) + ENTRY_COUNT) >>> 2]!
}
export function returnNanCount(views: ReturnViews, base: number, entry: number): number {
  return views.i32[(entryBase(base, entry) + ENTRY_NAN_COUNT) >>> 2]!
}
/** Index in `views.i32` of the entry's best token ids. */
export function returnIdsIndex(base: number, entry: number): number {
  return (entryBase(base, entry) + ENTRY_IDS) >>> 2
}
/** Index in `views.f32` of the logits of those tokens. */
export function returnLogitsIndex(base: number, entry: number): number {
  return (entryBase(base, entry) + ENTRY_LOGITS) >>> 2
}

function entryBase(base: number, entry: number): number {
  return base + RETURN_HEADER_BYTES + entry * ENTRY_BYTES
}

assert(ENTRY_BYTES % 8 === 0 && RETURN_HEADER_BYTES % 8 === 0, 'return entries must be aligned for their f64')
