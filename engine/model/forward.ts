// One stage computes one micro-batch. Every lane runs this same program over the same rows; the lanes split the work
// inside an operation (output groups of a product, KV heads of attention, rows of everything else) and meet at a
// barrier where one operation needs another lane's results. A barrier throws `Withdrawn` in every lane when no row is
// alive any more; rows that died alone are dropped behind it.
import { Activations, multiply, multiplyShare, type Prepared } from './activations.ts'
import { Attention, type AttentionLayer, attentionLayer } from './blocks/attention.ts'
import { denseFfn, FeedForward, type Ffn } from './blocks/feed-forward.ts'
import { Head } from './blocks/head.ts'
import { type Experts, layerExperts, Mixture } from './blocks/mixture.ts'
import { Residual } from './blocks/residual.ts'
import { type Lane, shareStart } from './lane.ts'
import { type Matrix, matrixBinder } from './matrix.ts'
import type { LayerPlan, Region } from './memory/layout.ts'
import { RowSet } from './row-set.ts'

/** A layer with its matrices bound to kernels. */
interface Layer {
  readonly plan: LayerPlan
  readonly attention: AttentionLayer
  readonly qkv: readonly [q: Matrix, k: Matrix, v: Matrix]
  readonly attentionOutput: readonly [Matrix]
  readonly ffn: Ffn | undefined
  readonly experts: Experts | undefined
}

export class StageForward {
  readonly #lane: Lane
  readonly #layers: readonly Layer[]
  readonly #embedding: Matrix | undefined
  readonly #activations: Activations
  readonly #attention: Attention
  readonly #residual: Residual
  readonly #feedForward: FeedForward
  readonly #mixture: Mixture | undefined
  readonly #head: Head | undefined
  readonly #qkvOut: readonly [Region, Region, Region]
  readonly #attentionOut: readonly [Region]
  readonly rows: RowSet

  constructor(lane: Lane) {
    const { layout, config } = lane
    const bind = matrixBinder(lane)
    this.#lane = lane
    this.#layers = layout.layers.map((plan, index) => ({
      plan,
      attention: attentionLayer(lane, plan, config.layers[layout.range.first + index]!),
      qkv: [bind(plan.q), bind(plan.k), bind(plan.v)],
      attentionOutput: [bind(plan.attentionOutput)],
      ffn: denseFfn(bind, plan),
      experts: layerExperts(bind, plan),
    }))
    this.#embedding = layout.embedding && bind(layout.embedding)
    this.#activations = new Activations(lane)
    this.rows = new RowSet(lane)
    this.#attention = new Attention(lane, this.rows)
    this.#residual = new Residual(lane, this.rows)
    this.#feedForward = new FeedForward(lane, this.rows, this.#activations)
    if (config.experts && layout.experts) {
      const parts = [lane, this.rows, this.#activations, this.#feedForward] as const
      this.#mixture = new Mixture(...parts, config.experts, layout.experts)
    }
    const { output, outputNorm, results } = layout
    if (output && outputNorm && results) {
      this.#head = new Head(lane, this.rows, this.#activations, bind(output), outputNorm, results)
    }
    this.#qkvOut = [layout.q, layout.k, layout.v]
    this.#attentionOut = [layout.attention]
  }

  /** Computes the micro-batch in input slot `slot`; the last stage reports into result slot `resultSlot`. */
  run(slot: number, resultSlot: number): void {
    const { rows } = this
    rows.open(slot)
    this.#begin()
    for (const layer of this.#layers) {
      this.#attentionBlock(layer)
      this.#ffnBlock(layer)
    }
    this.#head?.run(resultSlot)
  }

  /** Embeds the tokens (first stage) and computes each row's rotations. */
  #begin(): void {
    const { index, count, kernels, layout, config, sync, ropeMagnitudes } = this.#lane
    const { rows } = this
    for (let row = index; row < rows.count; row += count) {
      if (this.#embedding) {
        const x = rows.x.address + row * rows.x.stride
        this.#embedding.embedRow(x, rows.token(row))
        if (config.embeddingScale !== 1) kernels.scale(x, config.width, config.embeddingScale)
      }
      for (let rope = 0; rope < layout.ropes.length; rope++) {
        const { frequencies, tables } = layout.ropes[rope]!
        const pairs = config.ropes[rope]!.dimensionCount / 2
        const table = tables.address + row * tables.stride
        kernels.rope_table(table, frequencies, pairs, rows.position(row), ropeMagnitudes[rope]!)
      }
    }
    rows.dropDead(sync.barrier())
  }

  /** x += O(attention(norm(x))) */
  #attentionBlock({ plan, attention, qkv, attentionOutput }: Layer): void {
    const { layout, config, sync } = this.#lane
    const { rows } = this
    const input = this.#activations.prepare(rows.x, config.width, rows.count, plan.attentionNorm, qkv)
    this.#products(qkv, this.#qkvOut, input)
    rows.dropDead(sync.barrier(), this.#qkvOut)
    this.#attention.normalizeRows(attention)
    this.#attention.run(attention)
    rows.dropDead(sync.barrier(), this.#attentionOut)
    const width = attention.kind.heads * config.headDim
    const heads = this.#activations.prepare(layout.attention, width, rows.count, undefined, attentionOutput)
    multiplyShare(this.#lane, attentionOutput[0], layout.projection, heads, rows.count)
    rows.dropDead(this.#residual.add(plan.attentionOutputBias, plan.attentionPostNorm))
  }

  /** x += FFN(norm(x)), one network or a mixture of experts. */
  #ffnBlock({ plan, ffn, experts }: Layer): void {
    if (ffn) this.#feedForward.run(ffn, plan.ffnNorm)
    if (experts) this.#mixture?.run(experts, plan.ffnNorm)
    this.rows.dropDead(this.#residual.add(plan.downBias, plan.ffnPostNorm))
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
}
