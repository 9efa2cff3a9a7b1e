// Attention of one layer: biases, rotation, writing the cells of all rows, then reading the cells each row may see. A KV
// head and the query heads that share it belong to one lane, so no barrier is needed between writing and reading. Where
// that would leave lanes idle for long, they share the chunks of all heads instead, and meet before and after: a chunk's
// result is the same whoever computes it.

import { rowAncestorIndex, rowCell, rowCommittedLength, rowPosition, rowSequence } from '../../wire/codec.ts'
import type { LayerKind, ModelConfig } from '../config/model-config.ts'
import { type Lane, shareStart } from '../lane.ts'
import {
  ATTENTION_CHUNK,
  attentionStateBytes,
  cellBytes,
  cellTypeNumber,
  chunksOf,
  storeKernel,
} from '../memory/cells.ts'
import type { LayerPlan, Region, VectorPlan } from '../memory/layout.ts'
import type { RowSet } from '../row-set.ts'

/** Chunks between two looks at the mask. */
const CHUNKS_AT_ONCE = 16
/** Multiply-adds of the busiest lane that are worth the barriers of sharing, about 20 us. */
const SHARING_GAIN = 1 << 18

/** A layer, and what this lane does of it. */
export interface AttentionLayer {
  readonly plan: LayerPlan
  readonly kind: LayerKind
  /** The KV heads whose cells this lane writes, and which it reads unless lanes share them: first .. end - 1. */
  readonly firstHead: number
  readonly endHead: number
  /** Query heads of a KV head. */
  readonly group: number
  /** Bytes of the result of a chunk for a KV head. */
  readonly stateBytes: number
}

export function attentionLayer({ config, index, count }: Lane, plan: LayerPlan, kind: LayerKind): AttentionLayer {
  const group = kind.heads / kind.kvHeads
  return {
    plan,
    kind,
    firstHead: shareStart(kind.kvHeads, index, count),
    endHead: shareStart(kind.kvHeads, index + 1, count),
    group,
    stateBytes: attentionStateBytes(group, config.headDim),
  }
}

export class Attention {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #storeK
  readonly #storeV
  readonly #typeK: number
  readonly #typeV: number
  /** Bytes from one cell of a head to the next. */
  readonly #strideK: number
  readonly #strideV: number

  constructor(lane: Lane, rows: RowSet) {
    const { config, kernels, layout } = lane
    const { cellTypeK, cellTypeV } = layout.sizes
    this.#lane = lane
    this.#rows = rows
    this.#storeK = storeKernel(kernels, cellTypeK)
    this.#storeV = storeKernel(kernels, cellTypeV)
    this.#typeK = cellTypeNumber(cellTypeK)
    this.#typeV = cellTypeNumber(cellTypeV)
    this.#strideK = cellBytes(cellTypeK, config.headDim)
    this.#strideV = cellBytes(cellTypeV, config.headDim)
  }

  /**
   * For models that normalize the queries of all heads together, and the keys: biases and norms of layout.q and k. It
   * takes whole rows, so the lanes share the rows, and meet.
   */
  normalizeRows({ plan, kind }: AttentionLayer): void {
    const { kernels, layout, config, index, count, sync } = this.#lane
    const { qNorm, kNorm } = plan
    if (!qNorm || !kNorm || !normalizesRows(plan, config)) return
    const queryWidth = kind.heads * config.headDim
    const kvWidth = kind.kvHeads * config.headDim
    for (let row = index; row < this.#rows.count; row += count) {
      const q = layout.q.address + row * layout.q.stride
      const k = layout.k.address + row * layout.k.stride
      if (plan.qBias) kernels.add(q, plan.qBias.address, queryWidth)
      if (plan.kBias) kernels.add(k, plan.kBias.address, kvWidth)
      kernels.rmsnorm(q, q, qNorm.address, queryWidth, 1, 0, 0, config.normEps)
      kernels.rmsnorm(k, k, kNorm.address, kvWidth, 1, 0, 0, config.normEps)
    }
    sync.barrier()
  }

  /** Reads layout.q, k, v of all rows; writes this lane's heads of layout.attention. */
  run(layer: AttentionLayer): void {
    const { words, layout, index } = this.#lane
    for (let row = 0; row < this.#rows.count; row++) this.#write(layer, row)
    words[(layout.laneFaults >>> 2) + index] = this.#rows.faults
    if (this.#isWorthSharing(layer)) this.#runShared(layer)
    else this.#runOwnHeads(layer)
  }

  #runOwnHeads(layer: AttentionLayer): void {
    const { sync, layout } = this.#lane
    const { kind, firstHead, endHead } = layer
    for (let row = 0; row < this.#rows.count; row++) {
      const end = this.#end(row)
      const first = firstSeen(kind, end)
      for (let head = firstHead; head < endHead && sync.alive() !== 0; head++) {
        const states = layout.attentionStates.address + head * layout.attentionStates.stride
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
    const { layout, index, count, sync } = this.#lane
    const { attentionStates } = layout
    const { kind, stateBytes } = layer
    const total = chunks * kind.kvHeads
    const shareFirst = shareStart(total, index, count)
    const shareEnd = shareStart(total, index + 1, count)
    for (let head = 0, before = 0; head < kind.kvHeads; head++) {
      let states = attentionStates.address + head * attentionStates.stride
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
    const { layout, index, count } = this.#lane
    const { attentionStates } = layout
    const { kind, stateBytes } = layer
    const total = kind.kvHeads * (end - first)
    const shareFirst = shareStart(total, index, count)
    const shareEnd = shareStart(total, index + 1, count)
    for (let head = 0, at = 0; head < kind.kvHeads; head++) {
      let states = attentionStates.address + head * attentionStates.stride
      for (let row = first; row < end; row++, at++) {
        const chunks = this.#chunks(row, kind)
        if (at >= shareFirst && at < shareEnd) this.#merge(layer, row, head, chunks, states)
        states += chunks * stateBytes
      }
    }
  }

  /** Biases, normalizes and rotates this lane's heads of a row and writes its K and V cells. */
  #write({ plan, kind, firstHead: first, endHead, group }: AttentionLayer, row: number): void {
    const { kernels, layout, config, words } = this.#lane
    const { headDim } = config
    const rope = config.ropes[kind.rope]!
    const { tables } = layout.ropes[kind.rope]!
    const headCount = endHead - first
    if (headCount === 0) return
    const original = this.#rows.original[row]!
    const table = tables.address + original * tables.stride
    const neox = rope.style === 'halves' ? 1 : 0
    const whole = normalizesRows(plan, config)
    const q = this.#biased(layout.q, row, first * group, headCount * group, whole ? undefined : plan.qBias)
    const k = this.#biased(layout.k, row, first, headCount, whole ? undefined : plan.kBias)
    const v = this.#biased(layout.v, row, first, headCount, plan.vBias)
    if (!whole) this.#normalizeHeads(plan, q, headCount * group, k, headCount)
    kernels.rope(q, table, headCount * group, headDim, rope.dimensionCount, neox)
    kernels.rope(k, table, headCount, headDim, rope.dimensionCount, neox)
    const cell = rowCell(words, this.#rows.slot, original)
    const { cells } = layout.sizes
    let overflow = 0
    for (let head = 0; head < headCount; head++) {
      const entry = (first + head) * cells + cell
      overflow |= this.#storeK(plan.kCells + entry * this.#strideK, k + head * headDim * 4, headDim)
      overflow |= this.#storeV(plan.vCells + entry * this.#strideV, v + head * headDim * 4, headDim)
    }
    if (overflow !== 0) this.#rows.fault(row)
  }

  #normalizeHeads({ qNorm, kNorm }: LayerPlan, q: number, queries: number, k: number, keys: number): void {
    const { kernels, config } = this.#lane
    const { headDim, normEps } = config
    const stride = headDim * 4
    if (qNorm) kernels.rmsnorm(q, q, qNorm.address, headDim, queries, stride, stride, normEps)
    if (kNorm) kernels.rmsnorm(k, k, kNorm.address, headDim, keys, stride, stride, normEps)
  }

  /** Address of `count` heads from `first` on in a row of q, k or v, with the bias added. */
  #biased(region: Region, row: number, first: number, count: number, bias: VectorPlan | undefined): number {
    const { kernels, config } = this.#lane
    const offset = first * config.headDim * 4
    const address = region.address + row * region.stride + offset
    if (bias) kernels.add(address, bias.address + offset, count * config.headDim)
    return address
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
    const { plan, group, stateBytes } = layer
    const { headDim } = config
    const { slot, original } = this.#rows
    const at = original[row]!
    const { cells, contextLength } = layout.sizes
    // A head of a long context takes milliseconds.
    for (let next = first; first < end && sync.alive() !== 0; first = next) {
      next = Math.min(end, (Math.floor(first / ATTENTION_CHUNK) + CHUNKS_AT_ONCE) * ATTENTION_CHUNK)
      kernels.attention(
        states,
        layout.q.address + row * layout.q.stride + head * group * headDim * 4,
        plan.kCells + head * cells * this.#strideK,
        plan.vCells + head * cells * this.#strideV,
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
        layout.attentionScratch.address + index * layout.attentionScratch.stride,
      )
      states += chunksOf(first, next) * stateBytes
    }
  }

  #merge({ group }: AttentionLayer, row: number, head: number, chunks: number, states: number): void {
    const { kernels, layout, config } = this.#lane
    const { headDim } = config
    const out = layout.attention.address + row * layout.attention.stride + head * group * headDim * 4
    kernels.merge_attention(out, states, chunks, group, headDim)
  }
}

/** The first position that a row sees whose last one is end - 1. */
const firstSeen = ({ window }: LayerKind, end: number): number => (window === undefined ? 0 : Math.max(0, end - window))

/** Whether a layer's queries are normalized over all heads together rather than head by head. */
function normalizesRows({ qNorm }: LayerPlan, { headDim }: ModelConfig): boolean {
  return qNorm !== undefined && qNorm.tensor.dims[0] !== headDim
}
