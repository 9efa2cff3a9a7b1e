// The feed-forward branch of a layer: down(f(gate(n)) * up(n)) with n = norm(x). One barrier, behind the gating.

import { BLOCK_ELEMENTS, GROUP_ROWS } from '../../limits.ts'
import { type Activations, multiply, multiplyShare, type Place } from '../activations.ts'
import { activationBytes, q8HalfBytes } from '../formats.ts'
import type { GatingKernel } from '../kernels.ts'
import { type Lane, shareStart } from '../lane.ts'
import type { Matrix } from '../matrix.ts'
import { rowsMax } from '../memory/layout.ts'
import type { Region, Space, VectorPlan } from '../memory/space.ts'
import type { RowSet } from '../row-set.ts'
import { type LaneStage, matrixOf } from './block.ts'
import { fusedMatrix, type LayerTensor, matrix, optional, type Size, vector, width } from './layer-tensor.ts'
import type { Branch } from './residual.ts'

const ffnWidth: Size = (_, layer) => layer.ffnWidth

const GATE_AND_UP: readonly LayerTensor[] = [
  matrix('gate', 'ffn_gate', width, ffnWidth),
  matrix('up', 'ffn_up', width, ffnWidth),
  optional(vector('gateBias', 'ffn_gate.bias', ffnWidth)),
  optional(vector('upBias', 'ffn_up.bias', ffnWidth)),
]

/** Gate and up in one tensor that is named after the second. */
export const FUSED_GATE_AND_UP: readonly LayerTensor[] = [
  fusedMatrix('ffn_up', width, ['gate', ffnWidth], ['up', ffnWidth]),
]

const DOWN: readonly LayerTensor[] = [
  matrix('down', 'ffn_down', ffnWidth, width),
  optional(vector('downBias', 'ffn_down.bias', width)),
]

/** A gated network, whose gate and up are one tensor or two. */
export const feedForward = (gateAndUp = GATE_AND_UP): Branch<FfnScratch> => ({
  name: 'feedForward',
  tensors: [...gateAndUp, ...DOWN],
  inputs: ({ ffnWidth }) => ({ width: ffnWidth, perRow: 1 }),
  planScratch: (space, config, sizes) => ffnScratch(space, config.ffnWidth, rowsMax(sizes), rowsMax(sizes)),
  open(stage, scratch) {
    const program = new FeedForward(stage, scratch)
    return {
      bind(plan) {
        const { gateBias, upBias, downBias } = plan.vectors
        const bind = (role: string) => stage.bind(matrixOf(plan, role))
        const ffn: Ffn = { gateUp: [bind('gate'), bind('up')], down: [bind('down')], gateBias, upBias }
        return { bias: downBias, run: (norm) => program.run(ffn, norm) }
      },
    }
  },
})

/** f32 rows, and what the last product takes in the `q8` form. */
export interface FfnScratch {
  readonly gate: Region
  readonly up: Region
  readonly hidden: Region
}

export const ffnScratch = (space: Space, width: number, gatedRows: number, rows: number): FfnScratch => ({
  gate: space.outputs(width, gatedRows),
  up: space.outputs(width, gatedRows),
  hidden: space.region(activationBytes('q8', width), rows),
})

/** One such network, bound to its kernels. */
export interface Ffn {
  readonly gateUp: readonly [gate: Matrix, up: Matrix]
  readonly down: readonly [Matrix]
  readonly gateBias: VectorPlan | undefined
  readonly upBias: VectorPlan | undefined
}

/** The model's way of gating the hidden values. */
export const gatingKernel = ({ config, kernels }: Lane): GatingKernel =>
  config.activation === 'silu' ? kernels.swiglu : kernels.geglu

export class FeedForward {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #activations: Activations
  readonly #gating: GatingKernel
  readonly #up: Region
  readonly #hidden: { readonly f32: Region; readonly q8: Place }
  /** What is needed of a row once it is gated. */
  readonly #gated: readonly Region[]

  constructor({ lane, rows, activations }: LaneStage, { gate, up, hidden }: FfnScratch) {
    this.#lane = lane
    this.#rows = rows
    this.#activations = activations
    this.#gating = gatingKernel(lane)
    this.#up = up
    this.#hidden = { f32: gate, q8: { ...hidden } }
    this.#gated = [this.#hidden.f32, this.#hidden.q8]
  }

  /** Writes this lane's columns of layout.projection. */
  run({ gateUp, down, gateBias, upBias }: Ffn, norm: VectorPlan | undefined): void {
    const lane = this.#lane
    const { layout, config, sync } = lane
    const rows = this.#rows
    const { f32, q8 } = this.#hidden
    const [gate, up] = gateUp
    const width = gate.plan.rows
    const input = this.#activations.prepare(rows.x, config.width, rows.count, norm, gateUp)
    // A lane's columns are whole blocks of what follows, so that it prepares them for all lanes.
    const unit = down[0].q8 ? BLOCK_ELEMENTS : GROUP_ROWS
    const units = Math.ceil(width / unit)
    const from = shareStart(units, lane.index, lane.count) * unit
    const to = Math.min(width, shareStart(units, lane.index + 1, lane.count) * unit)
    const [begin, end] = [from / GROUP_ROWS, Math.ceil(to / GROUP_ROWS)]
    multiply(gate, f32, input, begin, end, rows.count, sync.alive)
    multiply(up, this.#up, input, begin, end, rows.count, sync.alive)
    q8.stride = down[0].q8 ? activationBytes('q8', width) : 0
    this.#gate(from, to, gateBias, upBias, width)
    rows.meet(this.#gated)
    multiplyShare(lane, down[0], layout.projection, this.#hidden, rows.count)
  }

  /** gate = f(gate + bias) * (up + bias) in columns `from .. to - 1` of all rows, in the form that the next product takes. */
  #gate(
    from: number,
    to: number,
    gateBias: VectorPlan | undefined,
    upBias: VectorPlan | undefined,
    width: number,
  ): void {
    const { kernels } = this.#lane
    const { f32, q8 } = this.#hidden
    for (let row = 0; row < this.#rows.count && from < to; row++) {
      const gate = f32.address + row * f32.stride + from * 4
      const up = this.#up.address + row * this.#up.stride + from * 4
      if (gateBias) kernels.add(gate, gateBias.address + from * 4, to - from)
      if (upBias) kernels.add(up, upBias.address + from * 4, to - from)
      this.#gating(gate, gate, up, to - from)
      if (q8.stride === 0) continue
      kernels.quantize_q8(q8.address + row * q8.stride + q8HalfBytes(from), gate, to - from, q8HalfBytes(width))
    }
  }
}
