// Reading the cells that each row may see. A KV head and the query heads that share it belong to one lane, so no barrier is
// needed between writing and reading. Where that would leave lanes idle for long, they share the readers of all heads
// instead, and meet before and after: a chunk's result is the same whoever computes it.

import { rowAncestorIndex, rowCommittedLength, rowSequence } from '../../wire/codec.ts'
import { type Lane, shareStart } from '../lane.ts'
import { cellBytes, cellTypeNumber, READER_BYTES } from '../memory/cells.ts'
import type { RowSet } from '../row-set.ts'
import type { AttentionLayer, AttentionScratch } from './attention-layer.ts'
import { ChunkReaders } from './chunk-readers.ts'

/** Readers between two looks at the mask: a head of a long context takes milliseconds. */
const READERS_AT_ONCE = 16
/** Multiply-adds of the busiest lane that are worth the barriers of sharing, about 20 us. */
const SHARING_GAIN = 1 << 18

export class AttentionReads {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #scratch: AttentionScratch
  readonly #readers: ChunkReaders
  readonly #typeK: number
  readonly #typeV: number
  /** Bytes from one cell of a head to the next. */
  readonly #strideK: number
  readonly #strideV: number

  constructor(lane: Lane, rows: RowSet, scratch: AttentionScratch) {
    const { config, layout } = lane
    const { cellTypeK, cellTypeV } = layout.sizes
    this.#lane = lane
    this.#rows = rows
    this.#scratch = scratch
    this.#readers = new ChunkReaders(lane, rows, scratch)
    this.#typeK = cellTypeNumber(cellTypeK)
    this.#typeV = cellTypeNumber(cellTypeV)
    this.#strideK = cellBytes(cellTypeK, config.headDim)
    this.#strideV = cellBytes(cellTypeV, config.headDim)
  }

  /** Writes what the query heads of all rows gather, each lane its share: as many rows at a time as there is room for. */
  read(layer: AttentionLayer): void {
    const isShared = this.#isWorthSharing(layer)
    for (let first = 0, end = 0; first < this.#rows.count; first = end) {
      end = this.#readers.plan(first, layer.kind, layer.stateBytes)
      if (isShared) this.#readShared(layer, first, end)
      else this.#readOwnHeads(layer, first, end)
    }
  }

  #readOwnHeads(layer: AttentionLayer, first: number, end: number): void {
    const { sync } = this.#lane
    for (let head = layer.firstHead; head < layer.endHead && sync.alive() !== 0; head++) {
      this.#readHead(layer, head, 0, this.#readers.count)
      for (let row = first; row < end; row++) this.#merge(layer, row, head)
    }
  }

  /** Known to all lanes alike: whether heads do not go into the lanes evenly and the cells to read are many. */
  #isWorthSharing({ kind, group }: AttentionLayer): boolean {
    const { config, count } = this.#lane
    const { kvHeads } = kind
    const idleHeads = Math.ceil(kvHeads / count) - kvHeads / count
    if (idleHeads === 0) return false
    let positions = 0
    for (let row = 0; row < this.#rows.count; row++) positions += this.#readers.positionsSeen(row, kind)
    return idleHeads * positions * group * config.headDim * 2 >= SHARING_GAIN
  }

  #readShared(layer: AttentionLayer, first: number, end: number): void {
    const { index, count, sync } = this.#lane
    const { kvHeads } = layer.kind
    // Cells are written, results merged.
    sync.barrier()
    const readers = this.#readers.count
    const readersFrom = shareStart(readers * kvHeads, index, count)
    const readersEnd = shareStart(readers * kvHeads, index + 1, count)
    for (let head = 0; head < kvHeads && sync.alive() !== 0; head++) {
      this.#readHead(layer, head, readersFrom - head * readers, readersEnd - head * readers)
    }
    sync.barrier()
    const rows = end - first
    const mergesEnd = shareStart(rows * kvHeads, index + 1, count)
    for (let i = shareStart(rows * kvHeads, index, count); i < mergesEnd; i++) {
      this.#merge(layer, first + (i % rows), Math.floor(i / rows))
    }
  }

  /** Those of the readers from .. end - 1 that there are, for a head. */
  #readHead(layer: AttentionLayer, head: number, from: number, end: number): void {
    const { sync } = this.#lane
    const { starts, setCount } = this.#readers
    for (let set = 0; set < setCount; set++) {
      const setEnd = Math.min(starts[set + 1]!, end)
      for (let at = Math.max(starts[set]!, from); at < setEnd && sync.alive() !== 0; at += READERS_AT_ONCE) {
        this.#readSet(layer, head, set, at, Math.min(READERS_AT_ONCE, setEnd - at))
      }
    }
  }

  /** `count` readers of a set. */
  #readSet(layer: AttentionLayer, head: number, set: number, first: number, count: number): void {
    const { kernels, layout, config, words, index } = this.#lane
    const { q, kernel, states } = this.#scratch
    const { kCells, vCells, group } = layer
    const { headDim } = config
    const { cells, contextLength } = layout.sizes
    const { slot, original } = this.#rows
    const lead = original[this.#readers.leads[set]!]!
    kernels.attention(
      states.address + head * states.stride,
      q.address + head * group * headDim * 4,
      this.#readers.address + first * READER_BYTES,
      count,
      kCells + head * cells * this.#strideK,
      vCells + head * cells * this.#strideV,
      layout.cellTable + rowSequence(words, slot, lead) * contextLength * 4,
      rowAncestorIndex(words, slot, lead) * 4,
      rowCommittedLength(words, slot, lead),
      this.#readers.firsts[set]!,
      this.#readers.ends[set]!,
      this.#typeK,
      this.#typeV,
      group,
      headDim,
      config.attentionScale,
      config.attentionSoftcap,
      kernel.address + index * kernel.stride,
    )
  }

  #merge({ group, stateBytes }: AttentionLayer, row: number, head: number): void {
    const { kernels, config } = this.#lane
    const { headDim } = config
    const { heads, states } = this.#scratch
    const out = heads.address + row * heads.stride + head * group * headDim * 4
    const first = states.address + head * states.stride + this.#readers.chunksBefore[row]! * stateBytes
    kernels.merge_attention(out, first, this.#readers.chunks[row]!, group, headDim)
  }
}
