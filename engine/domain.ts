// Nouns that cross folders. Pure data, no behaviour.

declare const brand: unique symbol
type Branded<Name extends string> = number & { readonly [brand]: Name }

/** Index into the model's vocabulary. */
export type TokenId = number
/** Index of a token in its sequence, 0 for the first. */
export type Position = number
/** Index of a timeline of tokens that is live in the engine; a row of the cell table. Reused after it ends. */
export type SequenceId = Branded<'SequenceId'>
/** Index of one position's K and V across all layers of every stage. */
export type CellIndex = Branded<'CellIndex'>
/** Monotonic, never reused. */
export type RunId = Branded<'RunId'>
/** Monotonic, never reused; the order in which micro-batches enter and leave the pipeline. */
export type MicroBatchNumber = Branded<'MicroBatchNumber'>
/** Chosen by the caller, unique among live requests. */
export type RequestId = number
/** Whom requests are for. Chosen by the caller, never given to another; 0 where nobody was named. */
export type ClientId = number
/** Work that somebody waits for goes before work that nobody waits for. */
export type Priority = 'interactive' | 'batch'

/** What the last stage computes for a row beyond its KV cells. */
export type HeadKind =
  /** Nothing: the row only writes its KV cells. */
  | 'none'
  /** Logits and the single best token. */
  | 'best'
  /** Logits and the best `TOP_COUNT` tokens. */
  | 'top'
  /** The same, and logsumexp: exponentials of the whole vocabulary, which no sampler asks for. */
  | 'scored'
  /** No logits: what the head would read, the normalized activations. */
  | 'embedding'

/** One token evaluated at one position. */
export interface Row {
  readonly token: TokenId
  readonly sequence: SequenceId
  readonly position: Position
  /** The cell this row writes. */
  readonly cell: CellIndex
  /** Positions below this are read through the shared cell table. */
  readonly committedLength: number
  /** Cells of positions `committedLength .. position - 1`, in position order: the uncommitted chain this row extends. */
  readonly ancestors: readonly CellIndex[]
  readonly head: HeadKind
  /** Which of the micro-batch's groups the row lives and dies with. */
  readonly group: number
  /** Where the sequence keeps what belongs to no position; `NO_STATE_SLOT` for none. */
  readonly stateSlot: number
}

export const NO_STATE_SLOT = -1

/**
 * What fills one ring slot and moves from stage to stage: rows of any sequences, in up to `GROUPS_MAX` groups, each the
 * rows that are cancelled as one: a decode or draft row, or consecutive rows of one text. Groups are numbered from 0 in
 * the order of their rows.
 */
export interface MicroBatch {
  readonly number: MicroBatchNumber
  readonly rows: readonly Row[]
}

/** What stages have to be told, one after the other. */
export type PipelineAction =
  /** The positions `from ..` of a sequence now live in these cells: write the shared table, before any later submit. */
  | {
      readonly kind: 'map'
      readonly sequence: SequenceId
      readonly from: Position
      readonly cells: readonly CellIndex[]
    }
  | Submission
  /** Withdraw groups of a micro-batch in flight: clear these bits of its alive mask. */
  | { readonly kind: 'cancel'; readonly number: MicroBatchNumber; readonly groups: number }
  /** Nothing of the returned micro-batch is needed any more: its slot and logits may be reused. */
  | { readonly kind: 'release'; readonly number: MicroBatchNumber }

/** What a run is for. */
export type RunKind = 'prefill' | 'decode' | 'verify' | 'draft'

/**
 * Put a micro-batch into the first ring; only when fewer than `inFlightMax` are in flight. The object is reused: encode
 * it at once.
 */
export interface Submission {
  readonly kind: 'submit'
  readonly microBatch: MicroBatch
  /** What its first run is for, and the numbers of the first and the last run of that kind. */
  readonly purpose: RunKind
  readonly runFirst: RunId
  readonly runLast: RunId
}
