// Which rows read which chunk of positions, and which of them find the same cells there: a call of the kernel takes those
// together, finds the cells once, and reads them while they are in a cache. Rows of one text share what lies before them,
// and so do requests that began alike, since their tables name the same cells.
import { rowAncestorIndex, rowCommittedLength, rowPosition, rowSequence } from '../../wire/codec.ts'
import type { LayerKind } from '../config/model-config.ts'
import type { Lane } from '../lane.ts'
import { ATTENTION_CHUNK, chunkRoom, chunksOf, READER_BYTES, writeReader } from '../memory/cells.ts'
import type { RowSet } from '../row-set.ts'
import type { AttentionScratch } from './attention-layer.ts'

export class ChunkReaders {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #room: number
  readonly #queryStride: number
  /** Where readers are, READER_BYTES each, set after set. */
  readonly address: number
  /** Readers in all. */
  count = 0
  /** Readers of a chunk that find the same cells are a set. */
  setCount = 0
  /** Of each set the first reader, and behind the last one the number of readers. */
  readonly starts: Int32Array
  /** Of each set the row that sees most of the chunk, and the positions up to where it does. */
  readonly leads: Int32Array
  readonly firsts: Int32Array
  readonly ends: Int32Array
  /** Of each row the chunks it reads, and those of the rows before it. */
  readonly chunks: Int32Array
  readonly chunksBefore: Int32Array
  /** Of each row the positions it sees, and the first chunk where it has no reader yet. */
  readonly #rowFirsts: Int32Array
  readonly #rowEnds: Int32Array
  readonly #nextChunks: Int32Array
  /** Of each row its cell of the first position of a chunk: rows where it differs have nothing in common. */
  readonly #firstCells: Int32Array

  constructor(lane: Lane, rows: RowSet, { readers, q }: AttentionScratch) {
    this.#lane = lane
    this.#rows = rows
    this.#room = chunkRoom(lane.layout.sizes.contextLength)
    this.#queryStride = q.stride
    this.address = readers.address + lane.index * readers.stride
    this.starts = new Int32Array(this.#room + 1)
    this.leads = new Int32Array(this.#room)
    this.firsts = new Int32Array(this.#room)
    this.ends = new Int32Array(this.#room)
    const rowCount = rows.original.length
    this.chunks = new Int32Array(rowCount)
    this.chunksBefore = new Int32Array(rowCount)
    this.#rowFirsts = new Int32Array(rowCount)
    this.#rowEnds = new Int32Array(rowCount)
    this.#nextChunks = new Int32Array(rowCount)
    this.#firstCells = new Int32Array(rowCount)
  }

  /**
   * Finds the readers of the rows from `first` on, as many rows as there is room for, and returns the row behind them. Sets
   * are in the order of chunks. `stateBytes`: of the result of a chunk; a row's results lie one behind the other.
   */
  plan(first: number, kind: LayerKind, stateBytes: number): number {
    this.count = 0
    this.setCount = 0
    let end = first
    let chunks = 0
    let firstChunk = Number.MAX_SAFE_INTEGER
    let endChunk = 0
    for (; end < this.#rows.count; end++) {
      const positionsEnd = this.#positionsEnd(end)
      const positionsFirst = firstSeen(kind, positionsEnd)
      const own = chunksOf(positionsFirst, positionsEnd)
      if (chunks + own > this.#room) break
      this.#rowFirsts[end] = positionsFirst
      this.#rowEnds[end] = positionsEnd
      this.#nextChunks[end] = Math.floor(positionsFirst / ATTENTION_CHUNK)
      this.chunks[end] = own
      this.chunksBefore[end] = chunks
      chunks += own
      firstChunk = Math.min(firstChunk, this.#nextChunks[end]!)
      endChunk = Math.max(endChunk, this.#nextChunks[end]! + own)
    }
    for (let chunk = firstChunk; chunk < endChunk; chunk++) {
      for (let row = first; row < end; row++) {
        if (this.#isLeft(row, chunk)) this.#firstCells[row] = this.#cell(row, chunk * ATTENTION_CHUNK)
      }
      for (let lead = end - 1; lead >= first; lead--) {
        if (this.#isLeft(lead, chunk)) this.#addSet(chunk, first, lead, stateBytes)
      }
    }
    this.starts[this.setCount] = this.count
    return end
  }

  /** How many positions a row sees. */
  positionsSeen(row: number, kind: LayerKind): number {
    const end = this.#positionsEnd(row)
    return end - firstSeen(kind, end)
  }

  /** Positions that a row sees end here. */
  #positionsEnd(row: number): number {
    return rowPosition(this.#lane.words, this.#rows.slot, this.#rows.original[row]!) + 1
  }

  /** Whether a row reads the chunk and has no reader there yet. */
  #isLeft(row: number, chunk: number): boolean {
    return this.#nextChunks[row] === chunk && chunk * ATTENTION_CHUNK < this.#rowEnds[row]!
  }

  /** Adds `lead`, and before it, in their order, the rows from `first` on that find the same cells as far as they see. */
  #addSet(chunk: number, first: number, lead: number, stateBytes: number): void {
    const set = this.setCount++
    const chunkFirst = chunk * ATTENTION_CHUNK
    const chunkEnd = chunkFirst + ATTENTION_CHUNK
    const end = Math.min(chunkEnd, this.#rowEnds[lead]!)
    this.starts[set] = this.count
    this.leads[set] = lead
    this.firsts[set] = chunkFirst
    this.ends[set] = end
    for (let row = first; row <= lead; row++) {
      if (this.#firstCells[row] !== this.#firstCells[lead] || !this.#isLeft(row, chunk)) continue
      const from = Math.max(chunkFirst, this.#rowFirsts[row]!)
      const to = Math.min(chunkEnd, this.#rowEnds[row]!)
      if (to > end || (row < lead && !this.#hasSameCells(lead, row, from, to))) continue
      const query = row * this.#queryStride
      const chunksDone = this.chunksBefore[row]! + chunk - Math.floor(this.#rowFirsts[row]! / ATTENTION_CHUNK)
      const at = (this.address + this.count++ * READER_BYTES) >>> 2
      writeReader(this.#lane.words, at, query, chunksDone * stateBytes, from - chunkFirst, to - from)
      this.#nextChunks[row]!++
    }
  }

  /** Where a row finds a position, be it one that it sees or one before those. */
  #cell(row: number, position: number): number {
    const { words, layout } = this.#lane
    const { slot, original } = this.#rows
    const at = original[row]!
    const committed = rowCommittedLength(words, slot, at)
    if (position >= committed) return words[rowAncestorIndex(words, slot, at) + position - committed]!
    return words[(layout.cellTable >>> 2) + rowSequence(words, slot, at) * layout.sizes.contextLength + position]!
  }

  /** Whether two rows find positions from .. end - 1 in the same cells. */
  #hasSameCells(a: number, b: number, from: number, end: number): boolean {
    const { words, layout } = this.#lane
    const { slot, original } = this.#rows
    const rowA = original[a]!
    const rowB = original[b]!
    const sequenceA = rowSequence(words, slot, rowA)
    const sequenceB = rowSequence(words, slot, rowB)
    const committedA = rowCommittedLength(words, slot, rowA)
    const committedB = rowCommittedLength(words, slot, rowB)
    const tableA = (layout.cellTable >>> 2) + sequenceA * layout.sizes.contextLength
    const tableB = (layout.cellTable >>> 2) + sequenceB * layout.sizes.contextLength
    const ancestorsA = rowAncestorIndex(words, slot, rowA) - committedA
    const ancestorsB = rowAncestorIndex(words, slot, rowB) - committedB
    const compared = sequenceA === sequenceB ? Math.max(from, Math.min(committedA, committedB)) : from
    // Texts that have parted do not meet again, so the last position mostly tells.
    for (let position = end - 1; position >= compared; position--) {
      const cellA = words[(position < committedA ? tableA : ancestorsA) + position]
      const cellB = words[(position < committedB ? tableB : ancestorsB) + position]
      if (cellA !== cellB) return false
    }
    return true
  }
}

/** The first position that a row sees whose last one is end - 1. */
const firstSeen = ({ window }: LayerKind, end: number): number => (window === undefined ? 0 : Math.max(0, end - window))
