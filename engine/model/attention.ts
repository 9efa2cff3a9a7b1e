// Attention of one layer for this lane's KV heads: biases, rotation, writing the cells of all rows, then reading the
// cells each row may see. A KV head and the query heads that share it belong to one lane, so no barrier is needed
// between writing and reading.
import { rowAncestorIndex, rowCell, rowCommittedLength, rowPosition, rowSequence } from '../pipeline/codec.ts'
import type { ModelConfig } from './config.ts'
import { type Lane, shareStart } from './lane.ts'
import type { LayerKind } from './layer-kinds.ts'
import { cellBytes, type LayerPlan, type Region, type VectorPlan } from './layout.ts'
import type { RowSet } from './row-set.ts'

export class Attention {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #firstHead: number
  readonly #endHead: number
  readonly #storeK
  readonly #storeV
  readonly #attend
  /** Bytes from one cell of a head to the next. */
  readonly #strideK: number
  readonly #strideV: number

  constructor(lane: Lane, rows: RowSet) {
    const { config, kernels, layout, index, count } = lane
    const { cellTypeK, cellTypeV } = layout.sizes
    this.#lane = lane
    this.#rows = rows
    this.#firstHead = shareStart(config.kvHeads, index, count)
    this.#endHead = shareStart(config.kvHeads, index + 1, count)
    this.#storeK = cellTypeK === 'f32' ? kernels.store_f32 : kernels.store_f16
    this.#storeV = cellTypeV === 'f32' ? kernels.store_f32 : kernels.store_f16
    this.#attend = cellTypeK === 'f32' ? kernels.attention_f32 : kernels.attention_f16
    this.#strideK = config.headDim * cellBytes(cellTypeK)
    this.#strideV = config.headDim * cellBytes(cellTypeV)
  }

  /**
   * For models that normalize the queries of all heads together, and the keys: biases and norms of layout.q and k. It
   * takes whole rows, so the lanes share the rows, and meet.
   */
  normalizeRows(layer: LayerPlan): void {
    const { kernels, layout, config, index, count, sync } = this.#lane
    const { qNorm, kNorm } = layer
    if (!qNorm || !kNorm || !normalizesRows(layer, config)) return
    const queryWidth = config.heads * config.headDim
    const kvWidth = config.kvHeads * config.headDim
    for (let row = index; row < this.#rows.count; row += count) {
      const q = layout.q.address + row * layout.q.stride
      const k = layout.k.address + row * layout.k.stride
      if (layer.qBias) kernels.add(q, layer.qBias.address, queryWidth)
      if (layer.kBias) kernels.add(k, layer.kBias.address, kvWidth)
      kernels.rmsnorm(q, q, qNorm.address, queryWidth, 1, 0, 0, config.normEps)
      kernels.rmsnorm(k, k, kNorm.address, kvWidth, 1, 0, 0, config.normEps)
    }
    sync.barrier()
  }

  /** Reads layout.q, k, v of all rows; writes this lane's heads of layout.attention. */
  run(layer: LayerPlan, kind: LayerKind): void {
    const { sync, words, layout, index } = this.#lane
    const { count } = this.#rows
    for (let row = 0; row < count; row++) this.#write(layer, kind, row)
    words[(layout.laneFaults >>> 2) + index] = this.#rows.faults
    for (let row = 0; row < count; row++) {
      // A head of a long context takes milliseconds.
      for (let head = this.#firstHead; head < this.#endHead && sync.alive() !== 0; head++) {
        this.#read(layer, kind, row, head)
      }
    }
  }

  /** Biases, normalizes and rotates this lane's heads of a row and writes its K and V cells. */
  #write(layer: LayerPlan, kind: LayerKind, row: number): void {
    const { kernels, layout, config, words } = this.#lane
    const { headDim, heads, kvHeads } = config
    const rope = config.ropes[kind.rope]!
    const { tables } = layout.ropes[kind.rope]!
    const first = this.#firstHead
    const headCount = this.#endHead - first
    if (headCount === 0) return
    const group = heads / kvHeads
    const original = this.#rows.original[row]!
    const table = tables.address + original * tables.stride
    const neox = rope.style === 'halves' ? 1 : 0
    const whole = normalizesRows(layer, config)
    const q = this.#biased(layout.q, row, first * group, headCount * group, whole ? undefined : layer.qBias)
    const k = this.#biased(layout.k, row, first, headCount, whole ? undefined : layer.kBias)
    const v = this.#biased(layout.v, row, first, headCount, layer.vBias)
    if (!whole) this.#normalizeHeads(layer, q, headCount * group, k, headCount)
    kernels.rope(q, table, headCount * group, headDim, rope.dimensionCount, neox)
    kernels.rope(k, table, headCount, headDim, rope.dimensionCount, neox)
    const cell = rowCell(words, this.#rows.slot, original)
    const { cells } = layout.sizes
    let overflow = 0
    for (let head = 0; head < headCount; head++) {
      const entry = (first + head) * cells + cell
      overflow |= this.#storeK(layer.kCells + entry * this.#strideK, k + head * headDim * 4, headDim)
      overflow |= this.#storeV(layer.vCells + entry * this.#strideV, v + head * headDim * 4, headDim)
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

  #read(layer: LayerPlan, { window }: LayerKind, row: number, head: number): void {
    const { layout, config, words } = this.#lane
    const { headDim, heads, kvHeads } = config
    const { slot, original } = this.#rows
    const at = original[row]!
    const group = heads / kvHeads
    const first = head * group * headDim * 4
    const { cells, contextLength } = layout.sizes
    const length = rowPosition(words, slot, at) + 1
    this.#attend(
      layout.attention.address + row * layout.attention.stride + first,
      layout.q.address + row * layout.q.stride + first,
      layer.kCells + head * cells * this.#strideK,
      layer.vCells + head * cells * this.#strideV,
      layout.cellTable + rowSequence(words, slot, at) * contextLength * 4,
      rowAncestorIndex(words, slot, at) * 4,
      rowCommittedLength(words, slot, at),
      length,
      this.#strideK,
      group,
      headDim,
      config.attentionScale,
      layout.attentionScratch.address + this.#lane.index * layout.attentionScratch.stride,
      window === undefined ? 0 : Math.max(0, length - window),
      config.attentionSoftcap,
    )
  }
}

/** Whether a layer's queries are normalized over all heads together rather than head by head. */
function normalizesRows({ qNorm }: LayerPlan, { headDim }: ModelConfig): boolean {
  return qNorm !== undefined && qNorm.tensor.dims[0] !== headDim
}
