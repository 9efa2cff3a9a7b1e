// Queries, keys and values on their way from the products to where attention reads them: biases, norms, rotation, and the
// cells of all rows.

import { rowCell } from '../../wire/codec.ts'
import type { Lane } from '../lane.ts'
import { cellBytes, storeKernel } from '../memory/cells.ts'
import type { Region, VectorPlan } from '../memory/space.ts'
import type { RowSet } from '../row-set.ts'
import type { AttentionLayer, AttentionScratch } from './attention-layer.ts'

export class AttentionInputs {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #q: Region
  readonly #k: Region
  readonly #v: Region
  readonly #storeK
  readonly #storeV
  /** Bytes from one cell of a head to the next. */
  readonly #strideK: number
  readonly #strideV: number

  constructor(lane: Lane, rows: RowSet, { q, k, v }: AttentionScratch) {
    const { config, kernels, layout } = lane
    const { cellTypeK, cellTypeV } = layout.sizes
    this.#lane = lane
    this.#rows = rows
    this.#q = q
    this.#k = k
    this.#v = v
    this.#storeK = storeKernel(kernels, cellTypeK)
    this.#storeV = storeKernel(kernels, cellTypeV)
    this.#strideK = cellBytes(cellTypeK, config.headDim)
    this.#strideV = cellBytes(cellTypeV, config.headDim)
  }

  /** Finishes this lane's heads of q, and writes the cells of its KV heads, for all rows. */
  write(layer: AttentionLayer): void {
    if (layer.normalizesRows) this.#normalizeRows(layer)
    for (let row = 0; row < this.#rows.count; row++) this.#write(layer, row)
  }

  /**
   * For models that normalize the queries of all heads together, and the keys: their biases and norms. It
   * takes whole rows, so the lanes share the rows, and meet.
   */
  #normalizeRows({ kind, qBias, kBias, qNorm, kNorm }: AttentionLayer): void {
    const { kernels, config, index, count, sync } = this.#lane
    if (!qNorm || !kNorm) return
    const queryWidth = kind.heads * config.headDim
    const kvWidth = kind.kvHeads * config.headDim
    for (let row = index; row < this.#rows.count; row += count) {
      const q = this.#q.address + row * this.#q.stride
      const k = this.#k.address + row * this.#k.stride
      if (qBias) kernels.add(q, qBias.address, queryWidth)
      if (kBias) kernels.add(k, kBias.address, kvWidth)
      kernels.rmsnorm(q, q, qNorm.address, queryWidth, 1, 0, 0, config.normEps)
      kernels.rmsnorm(k, k, kNorm.address, kvWidth, 1, 0, 0, config.normEps)
    }
    sync.barrier()
  }

  /** Biases, normalizes and rotates this lane's heads of a row and writes its K and V cells. */
  #write(layer: AttentionLayer, row: number): void {
    const { kind, kCells, vCells, firstHead: first, endHead, group } = layer
    const { kernels, layout, config, words } = this.#lane
    const { headDim } = config
    const rope = config.ropes[kind.rope]!
    const { tables } = layout.ropes[kind.rope]!
    const headCount = endHead - first
    if (headCount === 0) return
    const original = this.#rows.original[row]!
    const table = tables.address + original * tables.stride
    const neox = rope.style === 'halves' ? 1 : 0
    const isNormalized = layer.normalizesRows
    const q = this.#biased(this.#q, row, first * group, headCount * group, isNormalized ? undefined : layer.qBias)
    const k = this.#biased(this.#k, row, first, headCount, isNormalized ? undefined : layer.kBias)
    const v = this.#biased(this.#v, row, first, headCount, layer.vBias)
    if (!isNormalized) this.#normalizeHeads(layer, q, headCount * group, k, headCount)
    kernels.rope(q, table, headCount * group, headDim, rope.dimensionCount, neox)
    kernels.rope(k, table, headCount, headDim, rope.dimensionCount, neox)
    const cell = rowCell(words, this.#rows.slot, original)
    const { cells } = layout.sizes
    let overflow = 0
    for (let head = 0; head < headCount; head++) {
      const entry = (first + head) * cells + cell
      overflow |= this.#storeK(kCells + entry * this.#strideK, k + head * headDim * 4, headDim)
      overflow |= this.#storeV(vCells + entry * this.#strideV, v + head * headDim * 4, headDim)
    }
    if (overflow !== 0) this.#rows.fault(row)
  }

  #normalizeHeads({ qNorm, kNorm }: AttentionLayer, q: number, queries: number, k: number, keys: number): void {
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
}
