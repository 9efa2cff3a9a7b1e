// The run table's records and the table of their transitions.
//
// Theory of operation. A run is a set of rows that were scheduled together for one sequence: a prompt's prefill, or one
// step of decoding. Its rows travel in micro-batches; what lives and dies as one inside a micro-batch is a `Group`: a
// decode or draft row, or consecutive rows of one text. Where little depends on their number, a group is called a row.
// Every group is in exactly one state, and the table below is the only place that says how states follow each other; an
// event a state has no entry for is a bug.
//
//   unused           the record waits in its pool
//   final            in flight; the row's token is certain (prompt, accepted or committed)
//   assumed          in flight; a draft: its token counts only if the target draws the same after the row's parent. Or of
//                    a live text, and not committed
//   dead             in flight, withdrawn: the alive mask has lost its bit, and whatever comes back is dropped
//   arrived          returned and final: the next thing is to judge it
//   arrived-assumed  returned in the same micro-batch as the row its token depends on, which is judged first; or of a live
//                    text, which is read all the same
//
// Two rules drive everything:
// 1. Rows form a tree: the parent of a row is the row of the position before it, while that one is not judged. When a
//    row is judged, the target's token for the next position becomes final; the child that evaluates exactly this token
//    is accepted (and judged in its turn, now or when it returns), all other children are rejected together with their
//    descendants. Without such a child the sequence is ready for a new final row. Plain decoding has no children at all.
// 2. A row may die only together with all live rows that can see its cell (the cancel law). Rejection keeps it because
//    only descendants list a draft's cell; a final row's cell is seen by the whole sequence, hence it dies only in an
//    abort or a pause, with everything else of its sequence. Others share a cell only once it has been written and its row
//    is out of the pipeline, so no row that dies can be theirs.
//
// Micro-batches return in the order of submission (the FIFO law), and a child is never submitted before its parent; so
// when a group is about to be judged it is final: `arrived-assumed` has been resolved by an earlier answer. The rows of
// live texts (texts.ts) have no parents here: their nodes know what follows what.
import {
  type CellIndex,
  type HeadKind,
  type MicroBatch,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Position,
  type Row,
  type RunId,
  type RunKind,
  type SequenceId,
  type TokenId,
} from '../domain.ts'
import { assert } from '../errors.ts'
import type { NodeId } from './events.ts'
import type { Sequence } from './sequence.ts'

export type GroupState = 'unused' | 'final' | 'assumed' | 'dead' | 'arrived' | 'arrived-assumed'

export type GroupEvent =
  /** Goes into a micro-batch with a certain token. */
  | 'submit'
  /** Goes into a micro-batch with a drafted token. */
  | 'guess'
  /** The target drew this row's token, or its node is committed. */
  | 'accept'
  /** The target drew another token, or the text ended before it, or its node is pruned. */
  | 'reject'
  /** The user, or a fault, stops the request. */
  | 'abort'
  /** The sequence gives its cells to others, and will evaluate the row again. */
  | 'pause'
  /** The micro-batch has left the pipeline. */
  | 'return'
  /** All that is to be known of the row is known. */
  | 'judged'
  /** The same of a row of a live text, committed or not. */
  | 'read'

export const TRANSITIONS: Readonly<Record<GroupState, Readonly<Partial<Record<GroupEvent, GroupState>>>>> = {
  unused: { submit: 'final', guess: 'assumed' },
  final: { abort: 'dead', pause: 'dead', return: 'arrived' },
  assumed: { accept: 'final', reject: 'dead', abort: 'dead', pause: 'dead', return: 'arrived-assumed' },
  dead: { return: 'unused' },
  arrived: { judged: 'unused', read: 'unused', abort: 'unused' },
  'arrived-assumed': { accept: 'arrived', reject: 'unused', abort: 'unused', read: 'unused' },
}

/** What can happen to rows of each kind of work: prompts and decoding, drafts beside them, live texts. */
export const EVENTS_OF = {
  plain: ['submit', 'abort', 'pause', 'return', 'judged'],
  drafts: ['submit', 'guess', 'accept', 'reject', 'abort', 'pause', 'return', 'judged'],
  texts: ['submit', 'guess', 'accept', 'reject', 'abort', 'return', 'read'],
} as const satisfies Readonly<Record<string, readonly GroupEvent[]>>

/** How often each transition has fired. */
export type TransitionCounts = Record<GroupState, Partial<Record<GroupEvent, number>>>

export function createTransitionCounts(): TransitionCounts {
  return { unused: {}, final: {}, assumed: {}, dead: {}, arrived: {}, 'arrived-assumed': {} }
}

/** See the head of this file. Records are pooled: fields hold only while in use. */
export class Group implements Row {
  state: GroupState = 'unused'
  run = 0 as RunId
  kind: RunKind = 'decode'
  /** Set while the record is in use. */
  owner!: Sequence
  flight!: Flight
  /** Of a prompt: the sequences whose next token it tells; those that pause leave. */
  readers: Sequence[] = NOBODY
  /** Its number, and so its bit, in the micro-batch. */
  group = 0
  /** Its first row in the micro-batch. */
  first = 0
  /** Its rows. */
  count = 1
  /** Of these, rows with a head. */
  headCount = 0
  /** It has come back, and its cells do not hold what belongs there. */
  isFaulty = false
  /** Of a live text; -1 for any other row. */
  node: NodeId = NO_NODE
  /** First position. */
  position = 0
  // The rest of a group of one row. Several rows have records of their own.
  token = 0
  sequence = 0 as SequenceId
  cell = 0 as CellIndex
  committedLength = 0
  ancestors: readonly CellIndex[] = NO_CELLS
  head: HeadKind = 'none'
  readonly stateSlot = NO_STATE_SLOT
  /** The row of the position before, while it is in flight or waits to be judged and this row's token is assumed. */
  parent: Group | undefined = undefined
  firstChild: Group | undefined = undefined
  nextSibling: Group | undefined = undefined
}

export const NO_NODE = -1
export const NOBODY: Sequence[] = []
export const NO_CELLS: readonly CellIndex[] = []

/** A micro-batch in flight, or returned and being judged. Pooled like its rows. */
export class Flight implements MicroBatch {
  number = 0 as MicroBatchNumber
  groups: Group[] = []
  /** What the driver encodes: the groups themselves where each is one row. Holds until the next one is filled. */
  rows: readonly Row[] = this.groups
  rowCount = 0
  headCount = 0
  /** Groups that bring a sequence on, or may. */
  decodeCount = 0
  /** Bits of the groups withdrawn since the last `cancel` action. */
  withdrawn = 0
  /** When it was submitted, in microseconds; -1 without a clock. */
  submittedUs = -1
  /** Whether nothing but dead rows was before it. */
  isAlone = false
}

/** Whether the row works for this sequence. */
export const isFor = ({ kind, readers, owner }: Group, sequence: Sequence): boolean =>
  kind === 'prefill' ? readers.includes(sequence) : owner === sequence

/** Moves the row along the table. */
export function transition(row: Group, event: GroupEvent, counts: TransitionCounts): void {
  const { state } = row
  const next = TRANSITIONS[state][event]
  if (next === undefined) assert(false, `no transition for event ${event} of a row that is ${state}`)
  row.state = next
  const fired = counts[state]
  fired[event] = (fired[event] ?? 0) + 1
}

/** Says what a single row evaluates, where, and into which cell. */
export function place(row: Group, token: TokenId, position: Position, cell: CellIndex): void {
  row.token = token
  row.position = position
  row.cell = cell
}

/** Makes `child` a child of `parent`. */
export function link(parent: Group, child: Group): void {
  child.parent = parent
  child.nextSibling = parent.firstChild
  parent.firstChild = child
}

/** Takes `child` out of its parent's list. */
export function unlink(child: Group): void {
  const { parent } = child
  if (!parent) return
  if (parent.firstChild === child) parent.firstChild = child.nextSibling
  else {
    let before = parent.firstChild
    while (before && before.nextSibling !== child) before = before.nextSibling
    assert(before, 'a row is not among the children of its parent')
    before.nextSibling = child.nextSibling
  }
  child.parent = undefined
  child.nextSibling = undefined
}
