// The feed-forward branch of a layer as a mixture of experts: a router chooses a few of many networks for every row, and
// their outputs are added by weight. Only the weights of chosen experts are read. Rows are gathered by expert, so that
// an expert's weights are read once for all of its rows; which rows share a call changes no bit.

import { GROUP_ROWS } from '../../limits.ts'
import { type Activations, multiplyShare, type Prepared } from '../activations.ts'
import type { ExpertsConfig } from '../config/model-config.ts'
import type { GatingKernel } from '../kernels.ts'
import { columnStart, type Lane, shareStart } from '../lane.ts'
import type { Matrix } from '../matrix.ts'
import { type BlockPlan, rowsMax } from '../memory/layout.ts'
import type { ActivationRegion, Region, VectorPlan } from '../memory/space.ts'
import type { RowSet } from '../row-set.ts'
import { Assignments } from './assignments.ts'
import { type LaneStage, matrixOf } from './block.ts'
import { FeedForward, type Ffn, type FfnScratch, ffnScratch, gatingKernel } from './feed-forward.ts'
import { type LayerTensor, matrix, type Size, slabs, width } from './layer-tensor.ts'
import type { Branch } from './residual.ts'

const expertCount: Size = (c) => c.experts!.count
const expertWidth: Size = (c) => c.experts!.ffnWidth
const sharedWidth: Size = (c) => c.experts!.sharedFfnWidth

const EXPERTS: readonly LayerTensor[] = [
  matrix('router', 'ffn_gate_inp', width, expertCount),
  slabs('expertGate', 'ffn_gate_exps', width, expertWidth),
  slabs('expertUp', 'ffn_up_exps', width, expertWidth),
  slabs('expertDown', 'ffn_down_exps', expertWidth, width),
]

/** A network that every token takes beside its experts, with a gate of one output. */
export const SHARED_EXPERT: readonly LayerTensor[] = [
  matrix('sharedRouter', 'ffn_gate_inp_shexp', width, () => 1),
  matrix('sharedGate', 'ffn_gate_shexp', width, sharedWidth),
  matrix('sharedUp', 'ffn_up_shexp', width, sharedWidth),
  matrix('sharedDown', 'ffn_down_shexp', sharedWidth, width),
]

/** A mixture of experts, with or without one that all rows share. */
export const mixture = (shared: readonly LayerTensor[] = []): Branch<MixtureScratch> => ({
  name: 'mixture',
  tensors: [...EXPERTS, ...shared],
  inputs: ({ experts }) => ({ width: hiddenWidth(experts!), perRow: experts!.used }),
  planScratch(space, config, sizes) {
    const experts = config.experts!
    const rows = rowsMax(sizes)
    /** Assignments: a row of the micro-batch for each expert that it goes through. */
    const total = rows * experts.used
    return {
      ...ffnScratch(space, hiddenWidth(experts), total, rows),
      scores: space.outputs(experts.count, rows),
      choice: { ...space.ofLanes(experts.used * 8), weights: experts.used * 4 },
      gathered: space.activations(config.width, total),
      outputs: space.outputs(config.width, total),
      sharedGate: space.region(GROUP_ROWS * 4, rows),
    }
  },
  open(stage, scratch) {
    const program = new Mixture(stage, scratch)
    return {
      bind(plan) {
        const experts = boundExperts(stage, plan)
        return { bias: undefined, run: (norm) => program.run(experts, norm) }
      },
    }
  },
})

const hiddenWidth = ({ ffnWidth, sharedFfnWidth }: ExpertsConfig): number => Math.max(ffnWidth, sharedFfnWidth)

/** Gate and up are f32 rows of assignments, and of the shared expert before. */
interface MixtureScratch extends FfnScratch {
  /** f32 [rows][experts]: how much the router likes each expert. */
  readonly scores: Region
  /** Per lane, for one row: i32 chosen experts and f32 their weights. */
  readonly choice: Region & { readonly weights: number }
  /** Inputs and outputs of assignments. */
  readonly gathered: ActivationRegion
  readonly outputs: Region
  /** f32 [rows][GROUP_ROWS]: the first is the gate of the expert all rows share. */
  readonly sharedGate: Region
}

/** The experts of a layer, bound to their kernels. */
interface Experts {
  readonly router: Matrix
  readonly gate: readonly Matrix[]
  readonly up: readonly Matrix[]
  readonly down: readonly Matrix[]
  readonly shared: { readonly router: Matrix; readonly ffn: Ffn } | undefined
}

function boundExperts({ bind }: LaneStage, plan: BlockPlan): Experts {
  const one = (role: string) => bind(matrixOf(plan, role))
  const each = (role: string) => {
    const matrix = matrixOf(plan, role)
    return Array.from({ length: matrix.slabs }, (_, slab) => bind(matrix, slab))
  }
  const sharedFfn = (): Ffn => ({
    gateUp: [one('sharedGate'), one('sharedUp')],
    down: [one('sharedDown')],
    gateBias: undefined,
    upBias: undefined,
  })
  return {
    router: one('router'),
    gate: each('expertGate'),
    up: each('expertUp'),
    down: each('expertDown'),
    shared: plan.matrices.sharedRouter && { router: one('sharedRouter'), ffn: sharedFfn() },
  }
}

class Mixture {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #activations: Activations
  readonly #gating: GatingKernel
  /** Of the expert that all rows share. */
  readonly #feedForward: FeedForward
  readonly #config: ExpertsConfig
  readonly #scratch: MixtureScratch
  readonly #assignments: Assignments
  readonly #floats: Float32Array

  constructor(stage: LaneStage, scratch: MixtureScratch) {
    const { lane, rows, activations } = stage
    const experts = lane.config.experts!
    this.#lane = lane
    this.#rows = rows
    this.#activations = activations
    this.#gating = gatingKernel(lane)
    this.#feedForward = new FeedForward(stage, scratch)
    this.#config = experts
    this.#scratch = scratch
    this.#assignments = new Assignments(experts.count, experts.used, rowsMax(lane.layout.sizes))
    this.#floats = new Float32Array(lane.words.buffer)
  }

  /** Writes this lane's columns of layout.projection. */
  run(experts: Experts, norm: VectorPlan | undefined): void {
    const { config, sync } = this.#lane
    const scratch = this.#scratch
    const { router, gate, up, down, shared } = experts
    if (shared) {
      this.#feedForward.run(shared.ffn, norm)
      sync.barrier()
    }
    const { count } = this.#rows
    const readers = [router, gate[0]!, up[0]!, ...(shared ? [shared.router] : [])]
    const input = this.#activations.prepare(this.#rows.x, config.width, count, norm, readers)
    multiplyShare(this.#lane, router, scratch.scores, input, count)
    if (shared) multiplyShare(this.#lane, shared.router, scratch.sharedGate, input, count)
    sync.barrier()
    const total = this.#assign()
    const inputs = count === 1 ? input : this.#gather(input, total)
    const shift = count === 1 ? 0 : 1
    this.#multiplyEach(gate, scratch.gate, inputs, shift)
    this.#multiplyEach(up, scratch.up, inputs, shift)
    this.#gate(gate[0]!.plan.rows, total)
    sync.barrier()
    const hidden = this.#activations.prepare(scratch.gate, this.#config.ffnWidth, total, undefined, down)
    this.#multiplyEach(down, scratch.outputs, hidden, 1)
    this.#sum(shared !== undefined)
  }

  /** Every lane chooses for all rows: cheaper than to meet once more. Returns the number of assignments. */
  #assign(): number {
    const { kernels, index, words } = this.#lane
    const { scores, choice } = this.#scratch
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
    const { gathered } = this.#scratch
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
    const { index, count } = this.#lane
    const { gate, up } = this.#scratch
    const from = columnStart(hiddenWidth, index, count)
    const width = columnStart(hiddenWidth, index + 1, count) - from
    for (let number = 0; number < total && width > 0; number++) {
      const at = gate.address + number * gate.stride + from * 4
      this.#gating(at, at, up.address + number * up.stride + from * 4, width)
    }
  }

  /** projection = the shared expert's output times its gate, if there is one, + the outputs of each row's experts by weight. */
  #sum(hasShared: boolean): void {
    const { layout, kernels, config, index, count, words } = this.#lane
    const { outputs, sharedGate } = this.#scratch
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
