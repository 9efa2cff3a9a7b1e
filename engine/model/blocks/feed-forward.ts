// The feed-forward part of a layer: down(f(gate(n)) * up(n)) with n = norm(x). One barrier, behind the gating.
import { BLOCK_ELEMENTS, GROUP_ROWS } from '../../limits.ts'
import { type Activations, multiply, multiplyShare, type Place } from '../activations.ts'
import { activationBytes, q8HalfBytes } from '../formats.ts'
import { type Lane, shareStart } from '../lane.ts'
import type { Bind, Matrix } from '../matrix.ts'
import type { LayerPlan, Region, VectorPlan } from '../memory/layout.ts'
import type { RowSet } from '../row-set.ts'

/** One such network, bound to its kernels. */
export interface Ffn {
  readonly gateUp: readonly [gate: Matrix, up: Matrix]
  readonly down: readonly [Matrix]
  readonly gateBias: VectorPlan | undefined
  readonly upBias: VectorPlan | undefined
}

/** The layer's own network, undefined in a mixture of experts. */
export function denseFfn(bind: Bind, { gate, up, down, gateBias, upBias }: LayerPlan): Ffn | undefined {
  if (!gate || !up || !down) return undefined
  const gateUp = [bind(gate), bind(up)] as const
  return { gateUp, down: [bind(down)], gateBias, upBias }
}

export class FeedForward {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #activations: Activations
  readonly #hidden: { readonly f32: Region; readonly q8: Place }
  readonly #gated: readonly Region[]

  constructor(lane: Lane, rows: RowSet, activations: Activations) {
    this.#lane = lane
    this.#rows = rows
    this.#activations = activations
    this.#hidden = { f32: lane.layout.gate, q8: { ...lane.layout.hidden } }
    this.#gated = [this.#hidden.f32, this.#hidden.q8]
  }

  /** Writes this lane's columns of layout.projection. */
  run({ gateUp, down, gateBias, upBias }: Ffn, norm: VectorPlan | undefined): void {
    const lane = this.#lane
    const { layout, config, sync } = lane
    const rows = this.#rows
    const [gate, up] = gateUp
    const width = gate.plan.rows
    const input = this.#activations.prepare(rows.x, config.width, rows.count, norm, gateUp)
    // A lane's columns are whole blocks of what follows, so that it prepares them for all lanes.
    const unit = down[0].q8 ? BLOCK_ELEMENTS : GROUP_ROWS
    const units = Math.ceil(width / unit)
    const from = shareStart(units, lane.index, lane.count) * unit
    const to = Math.min(width, shareStart(units, lane.index + 1, lane.count) * unit)
    const [begin, end] = [from / GROUP_ROWS, Math.ceil(to / GROUP_ROWS)]
    multiply(gate, layout.gate, input, begin, end, rows.count, sync.alive)
    multiply(up, layout.up, input, begin, end, rows.count, sync.alive)
    this.#hidden.q8.stride = down[0].q8 ? activationBytes('q8', width) : 0
    this.#gate(from, to, gateBias, upBias, width)
    rows.dropDead(sync.barrier(), this.#gated)
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
    const { layout, kernels, gating } = this.#lane
    const { q8 } = this.#hidden
    for (let row = 0; row < this.#rows.count && from < to; row++) {
      const gate = layout.gate.address + row * layout.gate.stride + from * 4
      const up = layout.up.address + row * layout.up.stride + from * 4
      if (gateBias) kernels.add(gate, gateBias.address + from * 4, to - from)
      if (upBias) kernels.add(up, upBias.address + from * 4, to - from)
      gating(gate, gate, up, to - from)
      if (q8.stride === 0) continue
      kernels.quantize_q8(q8.address + row * q8.stride + q8HalfBytes(from), gate, to - from, q8HalfBytes(width))
    }
  }
}
