// Reading the cells that each row may see. A KV head and the query heads that share it belong to one lane, so no barrier is
// needed between writing and reading. Where that would leave lanes idle for long, they share the chunks of all heads
// instead, and meet before and after: a chunk's result is the same whoever computes it.

import { rowAncestorIndex, rowCommittedLength, rowPosition, rowSequence } from '../../wire/codec.ts'
import type { LayerKind } from '../config/model-config.ts'
import { type Lane, shareStart } from '../lane.ts'
import { ATTENTION_CHUNK, cellBytes, cellTypeNumber, chunksOf } from '../memory/cells.ts'
import type { RowSet } from '../row-set.ts'
import type { AttentionLayer, AttentionScratch } from './attention-layer.ts'

/** Chunks between two looks at the mask. */
const CHUNKS_AT_ONCE = 16
/** Multiply-adds of the busiest lane that are worth the barriers of sharing, about 20 us. */
const SHARING_GAIN = 1 << 18

export class AttentionReads {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #scratch: AttentionScratch
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
    this.#typeK = cellTypeNumber(cellTypeK)
    this.#typeV = cellTypeNumber(cellTypeV)
    this.#strideK = cellBytes(cellTypeK, config.headDim)
    this.#strideV = cellBytes(cellTypeV, config.headDim)
  }

  /** Writes what the query heads of all rows gather, each lane its share. */
  read(layer: AttentionLayer): void {
    if (this.#isWorthSharing(layer)) this.#runShared(layer)
    else this.#runOwnHeads(layer)
  }

  #runOwnHeads(layer: AttentionLayer): void {
    const { sync } = this.#lane
    const { kind, firstHead, endHead } = layer
    for (let row = 0; row < this.#rows.count; row++) {
      const end = this.#end(row)
      const first = firstSeen(kind, end)
      for (let head = firstHead; head < endHead && sync.alive() !== 0; head++) {
        const states = this.#scratch.states.address + head * this.#scratch.states.stride
        this.#read(layer, row, head, first, end, states)
        this.#merge(layer, row, head, chunksOf(first, end), states)
      }
    }
  }

  /** Known to all lanes alike: whether heads do not go into the lanes evenly and the cells to read are many. */
  #isWorthSharing({ kind, group }: AttentionLayer): boolean {
    const { config, count } = this.#lane
    const { kvHeads } = kind
    const idleHeads = Math.ceil(kvHeads / count) - kvHeads / count
    if (idleHeads === 0) return false
    let positions = 0
    for (let row = 0; row < this.#rows.count; row++) {
      const end = this.#end(row)
      positions += end - firstSeen(kind, end)
    }
    return idleHeads * positions * group * config.headDim * 2 >= SHARING_GAIN
  }

  /** As many rows at a time as their chunks have room for results. */
  #runShared(layer: AttentionLayer): void {
    const { sync, layout } = this.#lane
    const room = chunksOf(0, layout.sizes.contextLength)
    for (let first = 0, next = 0; first < this.#rows.count; first = next) {
      // Cells are written, results merged.
      sync.barrier()
      let chunks = 0
      for (; next < this.#rows.count; next++) {
        const more = this.#chunks(next, layer.kind)
        if (chunks + more > room) break
        chunks += more
      }
      this.#readShare(layer, first, next, chunks)
      sync.barrier()
      this.#mergeShare(layer, first, next)
    }
  }

  /** This lane's share of the chunks of rows first .. end - 1, `chunks` per head. */
  #readShare(layer: AttentionLayer, first: number, end: number, chunks: number): void {
    const { index, count, sync } = this.#lane
    const { states: all } = this.#scratch
    const { kind, stateBytes } = layer
    const total = chunks * kind.kvHeads
    const shareFirst = shareStart(total, index, count)
    const shareEnd = shareStart(total, index + 1, count)
    for (let head = 0, before = 0; head < kind.kvHeads; head++) {
      let states = all.address + head * all.stride
      for (let row = first; row < end && sync.alive() !== 0; row++) {
        const own = this.#chunks(row, kind)
        const from = Math.max(0, shareFirst - before)
        const to = Math.min(own, shareEnd - before)
        if (from < to) {
          const positionsEnd = this.#end(row)
          const positionsFirst = firstSeen(kind, positionsEnd)
          const firstChunk = Math.floor(positionsFirst / ATTENTION_CHUNK)
          const shareFrom = Math.max(positionsFirst, (firstChunk + from) * ATTENTION_CHUNK)
          const shareTo = Math.min(positionsEnd, (firstChunk + to) * ATTENTION_CHUNK)
          this.#read(layer, row, head, shareFrom, shareTo, states + from * stateBytes)
        }
        states += own * stateBytes
        before += own
      }
    }
  }

  #mergeShare(layer: AttentionLayer, first: number, end: number): void {
    const { index, count } = this.#lane
    const { states: all } = this.#scratch
    const { kind, stateBytes } = layer
    const total = kind.kvHeads * (end - first)
    const shareFirst = shareStart(total, index, count)
    const shareEnd = shareStart(total, index + 1, count)
    for (let head = 0, at = 0; head < kind.kvHeads; head++) {
      let states = all.address + head * all.stride
      for (let row = first; row < end; row++, at++) {
        const chunks = this.#chunks(row, kind)
        if (at >= shareFirst && at < shareEnd) this.#merge(layer, row, head, chunks, states)
        states += chunks * stateBytes
      }
    }
  }

  /** Positions that a row sees end here. */
  #end(row: number): number {
    return rowPosition(this.#lane.words, this.#rows.slot, this.#rows.original[row]!) + 1
  }

  /** Chunks of the positions that a row sees. */
  #chunks(row: number, kind: LayerKind): number {
    const end = this.#end(row)
    return chunksOf(firstSeen(kind, end), end)
  }

  /** The results of the chunks of positions first .. end - 1 of a row and head, one after the other at `states`. */
  #read(layer: AttentionLayer, row: number, head: number, first: number, end: number, states: number): void {
    const { kernels, layout, config, words, sync, index } = this.#lane
    const { q, kernel } = this.#scratch
    const { kCells, vCells, group, stateBytes } = layer
    const { headDim } = config
    const { slot, original } = this.#rows
    const at = original[row]!
    const { cells, contextLength } = layout.sizes
    // A head of a long context takes milliseconds.
    for (let next = first; first < end && sync.alive() !== 0; first = next) {
      next = Math.min(end, (Math.floor(first / ATTENTION_CHUNK) + CHUNKS_AT_ONCE) * ATTENTION_CHUNK)
      kernels.attention(
        states,
        q.address + row * q.stride + head * group * headDim * 4,
        kCells + head * cells * this.#strideK,
        vCells + head * cells * this.#strideV,
        layout.cellTable + rowSequence(words, slot, at) * contextLength * 4,
        rowAncestorIndex(words, slot, at) * 4,
        rowCommittedLength(words, slot, at),
        first,
        next,
        this.#typeK,
        this.#typeV,
        group,
        headDim,
        config.attentionScale,
        config.attentionSoftcap,
        kernel.address + index * kernel.stride,
      )
      states += chunksOf(first, next) * stateBytes
    }
  }

  #merge({ group }: AttentionLayer, row: number, head: number, chunks: number, states: number): void {
    const { kernels, config } = this.#lane
    const { headDim } = config
    const { heads } = this.#scratch
    const out = heads.address + row * heads.stride + head * group * headDim * 4
    kernels.merge_attention(out, states, chunks, group, headDim)
  }
}

/** The first position that a row sees whose last one is end - 1. */
const firstSeen = ({ window }: LayerKind, end: number): number => (window === undefined ? 0 : Math.max(0, end - window))
