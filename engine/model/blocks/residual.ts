// The residual stream of the rows: what a block computes is added to it, normalized and scaled as the model wants.
import { columnStart, type Lane } from '../lane.ts'
import type { VectorPlan } from '../memory/layout.ts'
import type { RowSet } from '../row-set.ts'

export class Residual {
  readonly #lane: Lane
  readonly #rows: RowSet
  /** The columns this lane computes of everything that is as wide as the stream. */
  readonly #from: number
  readonly #width: number

  constructor(lane: Lane, rows: RowSet) {
    const { config, index, count } = lane
    this.#lane = lane
    this.#rows = rows
    this.#from = columnStart(config.width, index, count)
    this.#width = columnStart(config.width, index + 1, count) - this.#from
  }

  /**
   * x += scale * norm(projection + bias), once this lane's columns of layout.projection are written. All lanes meet;
   * returns the rows that are alive.
   */
  add(bias: VectorPlan | undefined, norm: VectorPlan | undefined): number {
    const { kernels, layout, config, sync, index, count } = this.#lane
    const { projection } = layout
    const { x, count: rowCount } = this.#rows
    const offset = this.#from * 4
    for (let row = 0; row < rowCount && bias; row++) {
      kernels.add(projection.address + row * projection.stride + offset, bias.address + offset, this.#width)
    }
    if (norm) {
      // A norm needs whole rows, so the lanes share the rows.
      sync.barrier()
      for (let row = index; row < rowCount; row += count) {
        const block = projection.address + row * projection.stride
        kernels.rmsnorm(block, block, norm.address, config.width, 1, 0, 0, config.normEps)
        kernels.add_scaled(x.address + row * x.stride, block, config.width, config.residualScale)
      }
    } else {
      for (let row = 0; row < rowCount; row++) {
        const block = projection.address + row * projection.stride + offset
        kernels.add_scaled(x.address + row * x.stride + offset, block, this.#width, config.residualScale)
      }
    }
    return sync.barrier()
  }
}
