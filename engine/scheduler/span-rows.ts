// The rows of a micro-batch in which some group has several: records that the next such micro-batch uses again.
import {
  type CellIndex,
  type HeadKind,
  NO_STATE_SLOT,
  type Position,
  type Row,
  type SequenceId,
  type TokenId,
} from '../domain.ts'
import { type Group, NO_CELLS } from './run.ts'
import type { Sequence } from './sequence.ts'

/** Tokens of one text at consecutive positions, for the sequence's own cells. */
export interface TokenSpan {
  readonly sequence: Sequence
  readonly from: Position
  readonly end: Position
  readonly tokens: ArrayLike<TokenId>
  /** Position of the first of the tokens. */
  readonly tokensFrom: Position
  /** Rows from here on have this head. */
  readonly headFrom: Position
  readonly head: HeadKind
}

class SpanRow implements Row {
  token: TokenId = 0
  sequence = 0 as SequenceId
  position: Position = 0
  cell = 0 as CellIndex
  committedLength = 0
  readonly ancestors = NO_CELLS
  head: HeadKind = 'none'
  group = 0
  readonly stateSlot = NO_STATE_SLOT
}

export class SpanRows {
  readonly rows: Row[] = []
  readonly #records: SpanRow[] = []

  /** Starts with groups of one row each. */
  begin(groups: readonly Group[], count: number): void {
    this.rows.length = 0
    for (let group = 0; group < count; group++) this.rows.push(groups[group]!)
  }

  /** Adds the rows of a group. */
  add(group: number, { sequence, from, end, tokens, tokensFrom, headFrom, head }: TokenSpan): void {
    for (let position = from; position < end; position++) {
      this.#records[this.rows.length] ??= new SpanRow()
      const row = this.#records[this.rows.length]!
      row.token = tokens[position - tokensFrom]!
      row.sequence = sequence.id
      row.position = position
      row.cell = sequence.cells[position]!
      row.committedLength = position + 1
      row.head = position < headFrom ? 'none' : head
      row.group = group
      this.rows.push(row)
    }
  }
}
