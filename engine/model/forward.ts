// One stage computes one micro-batch. Every lane runs this same program over the same rows; the lanes split the work
// inside an operation (output groups of a product, KV heads of attention, rows of everything else) and meet at a
// barrier where one operation needs another lane's results. A barrier throws `Withdrawn` in every lane when no row is
// alive any more; rows that died alone are dropped at the next layer.
import { GROUP_ROWS } from '../limits.ts'
import { Activations, multiply, type Prepared } from './activations.ts'
import { Attention } from './attention.ts'
import { Head } from './head.ts'
import { type Lane, shareStart } from './lane.ts'
import type { LayerPlan, Region } from './layout.ts'
import { bindMatrix, type Matrix } from './matrix.ts'
import { RowSet } from './row-set.ts'

/** A layer with its matrices bound to kernels. */
interface Layer {
  readonly plan: LayerPlan
  readonly qkv: readonly [q: Matrix, k: Matrix, v: Matrix]
  readonly attentionOutput: readonly [Matrix]
  readonly gateUp: readonly [gate: Matrix, up: Matrix]
  readonly down: readonly [Matrix]
}

export class StageForward {
  readonly #lane: Lane
  readonly #layers: readonly Layer[]
  readonly #embedding: Matrix | undefined
  readonly #activations: Activations
  readonly #attention: Attention
  readonly #head: Head | undefined
  readonly #qkvOut: readonly [Region, Region, Region]
  readonly rows: RowSet

  constructor(lane: Lane) {
    const { layout, kernels } = lane
    const { dequantized, codebooks } = layout
    const places = { tile: dequantized.address + lane.index * dequantized.stride, codebooks }
    const bind = (plan: LayerPlan['q']) => bindMatrix(kernels, plan, places)
    this.#lane = lane
    this.#layers = layout.layers.map((plan) => ({
      plan,
      qkv: [bind(plan.q), bind(plan.k), bind(plan.v)],
      attentionOutput: [bind(plan.attentionOutput)],
      gateUp: [bind(plan.gate), bind(plan.up)],
      down: [bind(plan.down)],
    }))
    this.#embedding = layout.embedding && bind(layout.embedding)
    this.#activations = new Activations(lane)
    this.rows = new RowSet(lane)
    this.#attention = new Attention(lane, this.rows)
    const { output, outputNorm, results } = layout
    if (output && outputNorm && results) {
      this.#head = new Head(lane, this.rows, this.#activations, bind(output), outputNorm, results)
    }
    this.#qkvOut = [layout.q, layout.k, layout.v]
  }

  /** Computes the micro-batch in input slot `slot`; the last stage reports into result slot `resultSlot`. */
  run(slot: number, resultSlot: number): void {
    const { rows } = this
    rows.open(slot)
    let alive = this.#begin()
    for (const layer of this.#layers) {
      rows.dropDead(alive)
      this.#attentionBlock(layer)
      alive = this.#ffnBlock(layer)
    }
    this.#head?.run(resultSlot)
  }

  /** Embeds the tokens (first stage) and computes each row's rotation. */
  #begin(): number {
    const { index, count, kernels, layout, config, sync, ropeMagnitude } = this.#lane
    const { rows } = this
    const pairs = config.rope.dimensionCount / 2
    for (let row = index; row < rows.count; row += count) {
      if (this.#embedding) this.#embedding.embedRow(rows.x.address + row * rows.x.stride, rows.token(row))
      const table = layout.ropeTables.address + row * layout.ropeTables.stride
      kernels.rope_table(table, layout.ropeFrequencies, pairs, rows.position(row), ropeMagnitude)
    }
    return sync.barrier()
  }

  /** x += O(attention(norm(x))) */
  #attentionBlock({ plan, qkv, attentionOutput }: Layer): void {
    const { layout, config, sync } = this.#lane
    const { rows } = this
    const input = this.#activations.prepare(rows.x, config.width, rows.count, plan.attentionNorm, qkv)
    this.#products(qkv, this.#qkvOut, input)
    sync.barrier()
    this.#attention.run(plan)
    sync.barrier()
    const width = config.heads * config.headDim
    const heads = this.#activations.prepare(layout.attention, width, rows.count, undefined, attentionOutput)
    this.#addProduct(attentionOutput[0], heads)
    sync.barrier()
  }

  /** x += down(silu(gate(norm(x))) * up(norm(x))) */
  #ffnBlock({ plan, gateUp, down }: Layer): number {
    const { layout, config, sync, index, count, kernels } = this.#lane
    const { rows } = this
    const input = this.#activations.prepare(rows.x, config.width, rows.count, plan.ffnNorm, gateUp)
    const [gate, up] = gateUp
    const begin = shareStart(gate.groups, index, count)
    const end = shareStart(gate.groups, index + 1, count)
    multiply(gate, layout.gate, input, begin, end, rows.count, sync.alive)
    multiply(up, layout.up, input, begin, end, rows.count, sync.alive)
    const width = Math.min(end * GROUP_ROWS, config.ffnWidth) - begin * GROUP_ROWS
    for (let row = 0; row < rows.count && width > 0; row++) {
      const at = layout.gate.address + row * layout.gate.stride + begin * GROUP_ROWS * 4
      const upAt = layout.up.address + row * layout.up.stride + begin * GROUP_ROWS * 4
      kernels.swiglu(at, at, upAt, width)
    }
    sync.barrier()
    const hidden = this.#activations.prepare(layout.gate, config.ffnWidth, rows.count, undefined, down)
    this.#addProduct(down[0], hidden)
    return sync.barrier()
  }

  /** Products that share one input, their output groups laid end to end and shared among the lanes. */
  #products(matrices: readonly Matrix[], outs: readonly Region[], input: Prepared): void {
    const { index, count, sync } = this.#lane
    let total = 0
    for (const matrix of matrices) total += matrix.groups
    const begin = shareStart(total, index, count)
    const end = shareStart(total, index + 1, count)
    let first = 0
    for (let i = 0; i < matrices.length; i++) {
      const { groups } = matrices[i]!
      const from = Math.max(begin - first, 0)
      const to = Math.min(end - first, groups)
      if (from < to) multiply(matrices[i]!, outs[i]!, input, from, to, this.rows.count, sync.alive)
      first += groups
    }
  }

  /** Adds this lane's share of a product's outputs to the residual stream. */
  #addProduct(matrix: Matrix, input: Prepared): void {
    const { index, count, kernels, layout, config, sync } = this.#lane
    const { rows } = this
    const begin = shareStart(matrix.groups, index, count)
    const end = shareStart(matrix.groups, index + 1, count)
    multiply(matrix, layout.projection, input, begin, end, rows.count, sync.alive)
    const from = begin * GROUP_ROWS
    const width = Math.min(end * GROUP_ROWS, config.width) - from
    for (let row = 0; row < rows.count && width > 0; row++) {
      const x = rows.x.address + row * rows.x.stride + from * 4
      kernels.add(x, layout.projection.address + row * layout.projection.stride + from * 4, width)
    }
  }
}
