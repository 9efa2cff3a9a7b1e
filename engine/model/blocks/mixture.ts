// The feed-forward part of a layer as a mixture of experts: a router chooses a few of many networks for every row, and
// their outputs are added by weight. Only the weights of chosen experts are read. Rows are gathered by expert, so that
// an expert's weights are read once for all of its rows; which rows share a call changes no bit.

import { type Activations, multiplyShare, type Prepared } from '../activations.ts'
import type { ExpertsConfig } from '../config/model-config.ts'
import { columnStart, type Lane, shareStart } from '../lane.ts'
import type { Bind, Matrix } from '../matrix.ts'
import {
  type ExpertRegions,
  type LayerPlan,
  type MatrixPlan,
  type Region,
  rowsMax,
  type VectorPlan,
} from '../memory/layout.ts'
import type { RowSet } from '../row-set.ts'
import { Assignments } from './assignments.ts'
import type { FeedForward, Ffn } from './feed-forward.ts'

/** The experts of a layer, bound to their kernels. */
export interface Experts {
  readonly router: Matrix
  readonly gate: readonly Matrix[]
  readonly up: readonly Matrix[]
  readonly down: readonly Matrix[]
  readonly shared: { readonly router: Matrix; readonly ffn: Ffn } | undefined
}

/** The layer's experts, undefined in a dense layer. */
export function layerExperts(bind: Bind, plan: LayerPlan): Experts | undefined {
  const { router, expertGate, expertUp, expertDown, sharedRouter, sharedGate, sharedUp, sharedDown } = plan
  if (!router || !expertGate || !expertUp || !expertDown) return undefined
  const bindAll = (matrix: MatrixPlan) => Array.from({ length: matrix.slabs }, (_, slab) => bind(matrix, slab))
  const shared = sharedRouter &&
    sharedGate &&
    sharedUp &&
    sharedDown && {
      router: bind(sharedRouter),
      ffn: {
        gateUp: [bind(sharedGate), bind(sharedUp)] as const,
        down: [bind(sharedDown)] as const,
        gateBias: undefined,
        upBias: undefined,
      },
    }
  return {
    router: bind(router),
    gate: bindAll(expertGate),
    up: bindAll(expertUp),
    down: bindAll(expertDown),
    shared,
  }
}

export class Mixture {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #activations: Activations
  readonly #feedForward: FeedForward
  readonly #config: ExpertsConfig
  readonly #regions: ExpertRegions
  readonly #assignments: Assignments
  readonly #floats: Float32Array

  constructor(
    lane: Lane,
    rows: RowSet,
    activations: Activations,
    feedForward: FeedForward,
    config: ExpertsConfig,
    regions: ExpertRegions,
  ) {
    this.#lane = lane
    this.#rows = rows
    this.#activations = activations
    this.#feedForward = feedForward
    this.#config = config
    this.#regions = regions
    this.#assignments = new Assignments(config.count, config.used, rowsMax(lane.layout.sizes))
    this.#floats = new Float32Array(lane.words.buffer)
  }

  /** Writes this lane's columns of layout.projection. */
  run(experts: Experts, norm: VectorPlan | undefined): void {
    const { layout, config, sync } = this.#lane
    const { router, gate, up, down, shared } = experts
    if (shared) {
      this.#feedForward.run(shared.ffn, norm)
      sync.barrier()
    }
    const { count } = this.#rows
    const readers = [router, gate[0]!, up[0]!, ...(shared ? [shared.router] : [])]
    const input = this.#activations.prepare(this.#rows.x, config.width, count, norm, readers)
    multiplyShare(this.#lane, router, this.#regions.scores, input, count)
    if (shared) multiplyShare(this.#lane, shared.router, this.#regions.sharedGate, input, count)
    sync.barrier()
    const total = this.#assign()
    const inputs = count === 1 ? input : this.#gather(input, total)
    const shift = count === 1 ? 0 : 1
    this.#multiplyEach(gate, layout.gate, inputs, shift)
    this.#multiplyEach(up, layout.up, inputs, shift)
    this.#gate(gate[0]!.plan.rows, total)
    sync.barrier()
    const hidden = this.#activations.prepare(layout.gate, this.#config.ffnWidth, total, undefined, down)
    this.#multiplyEach(down, this.#regions.outputs, hidden, 1)
    this.#sum(shared !== undefined)
  }

  /** Every lane chooses for all rows: cheaper than to meet once more. Returns the number of assignments. */
  #assign(): number {
    const { kernels, index, words } = this.#lane
    const { scores, choice } = this.#regions
    const { count, used, isNormalized } = this.#config
    const ids = choice.address + index * choice.stride
    const weights = ids + choice.weights
    for (let row = 0; row < this.#rows.count; row++) {
      const at = scores.address + row * scores.stride
      kernels.choose_experts(ids, weights, at, count, used, isNormalized ? 1 : 0)
      for (let slot = 0; slot < used; slot++) {
        this.#assignments.set(row, slot, words[(ids >>> 2) + slot]!, this.#floats[(weights >>> 2) + slot]!)
      }
    }
    return this.#assignments.order(this.#rows.count)
  }

  /** Copies each assignment's input row to its place in the order; the lanes share them and meet. */
  #gather(input: Prepared, total: number): Prepared {
    const { index, count, words, sync } = this.#lane
    const { gathered } = this.#regions
    const copy = (from: Region, to: Region, number: number) => {
      const at = (from.address + this.#assignments.rows[number]! * from.stride) >>> 2
      words.copyWithin((to.address + number * to.stride) >>> 2, at, at + (Math.min(from.stride, to.stride) >>> 2))
    }
    for (let number = index; number < total; number += count) {
      copy(input.f32, gathered.f32, number)
      copy(input.q8, gathered.q8, number)
    }
    sync.barrier()
    return gathered
  }

  /** Every expert's product with its assignments. `shift` is 0 where all assignments share the first input row. */
  #multiplyEach(matrices: readonly Matrix[], out: Region, input: Prepared, shift: 0 | 1): void {
    const { index, count, sync } = this.#lane
    const { starts } = this.#assignments
    for (let expert = 0; expert < matrices.length; expert++) {
      const first = starts[expert]!
      const n = starts[expert + 1]! - first
      if (n === 0) continue
      const matrix = matrices[expert]!
      const x = matrix.q8 ? input.q8 : input.f32
      const begin = shareStart(matrix.groups, index, count)
      const end = shareStart(matrix.groups, index + 1, count)
      const outAt = out.address + first * out.stride
      matrix.multiply(outAt, x.address + shift * first * x.stride, out.stride, x.stride, begin, end, n, sync.alive)
    }
  }

  /** gate = f(gate) * up in this lane's columns of all assignments. */
  #gate(hiddenWidth: number, total: number): void {
    const { layout, gating, index, count } = this.#lane
    const from = columnStart(hiddenWidth, index, count)
    const width = columnStart(hiddenWidth, index + 1, count) - from
    for (let number = 0; number < total && width > 0; number++) {
      const gate = layout.gate.address + number * layout.gate.stride + from * 4
      gating(gate, gate, layout.up.address + number * layout.up.stride + from * 4, width)
    }
  }

  /** projection = the shared expert's output times its gate, if there is one, + the outputs of each row's experts by weight. */
  #sum(hasShared: boolean): void {
    const { layout, kernels, config, index, count, words } = this.#lane
    const { outputs, sharedGate } = this.#regions
    const from = columnStart(config.width, index, count)
    const width = columnStart(config.width, index + 1, count) - from
    for (let row = 0; row < this.#rows.count; row++) {
      const at = layout.projection.address + row * layout.projection.stride + from * 4
      if (hasShared) kernels.scale(at, width, kernels.sigmoid(sharedGate.address + row * sharedGate.stride))
      else words.fill(0, at >>> 2, (at >>> 2) + width)
      for (let slot = 0; slot < this.#config.used; slot++) {
        const output = outputs.address + this.#assignments.number(row, slot) * outputs.stride + from * 4
        kernels.add_scaled(at, output, width, this.#assignments.weight(row, slot))
      }
    }
  }
}
