// The feed-forward part of a layer: down(f(gate(n)) * up(n)) with n = norm(x).
import { type Activations, multiplyShare } from './activations.ts'
import { columnStart, type Lane } from './lane.ts'
import type { LayerPlan, Region, VectorPlan } from './layout.ts'
import type { Bind, Matrix } from './matrix.ts'
import type { RowSet } from './row-set.ts'

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
  readonly #hidden: readonly [Region]

  constructor(lane: Lane, rows: RowSet, activations: Activations) {
    this.#lane = lane
    this.#rows = rows
    this.#activations = activations
    this.#hidden = [lane.layout.gate]
  }

  /** Writes this lane's columns of layout.projection. */
  run({ gateUp, down, gateBias, upBias }: Ffn, norm: VectorPlan | undefined): void {
    const { layout, config, sync, index, count } = this.#lane
    const rows = this.#rows
    const input = this.#activations.prepare(rows.x, config.width, rows.count, norm, gateUp)
    const [gate, up] = gateUp
    multiplyShare(this.#lane, gate, layout.gate, input, rows.count)
    multiplyShare(this.#lane, up, layout.up, input, rows.count)
    const width = gate.plan.rows
    const from = columnStart(width, index, count)
    this.#gate(from, columnStart(width, index + 1, count) - from, gateBias, upBias)
    rows.dropDead(sync.barrier(), this.#hidden)
    const hidden = this.#activations.prepare(layout.gate, width, rows.count, undefined, down)
    multiplyShare(this.#lane, down[0], layout.projection, hidden, rows.count)
  }

  /** gate = f(gate + bias) * (up + bias) in columns `from .. from + width - 1` of all rows. */
  #gate(from: number, width: number, gateBias: VectorPlan | undefined, upBias: VectorPlan | undefined): void {
    const { layout, kernels, gating } = this.#lane
    for (let row = 0; row < this.#rows.count && width > 0; row++) {
      const gate = layout.gate.address + row * layout.gate.stride + from * 4
      const up = layout.up.address + row * layout.up.stride + from * 4
      if (gateBias) kernels.add(gate, gateBias.address + from * 4, width)
      if (upBias) kernels.add(up, upBias.address + from * 4, width)
      gating(gate, gate, up, width)
    }
  }
}
