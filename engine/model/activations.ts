// Turns rows of f32 values into the input of matrix products: normalized and, for quantized weights, in `q8` form.
import { activationBytes, q8HalfBytes } from './formats.ts'
import { type Lane, shareStart } from './lane.ts'
import type { Matrix } from './matrix.ts'
import { PRIVATE_ROWS } from './memory/layout.ts'
import type { ActivationRegion, Region, VectorPlan } from './memory/space.ts'

/** Where the prepared rows are, in each form that was wanted. */
export interface Prepared {
  readonly f32: Region
  readonly q8: Region
}

/** A region that moves. */
export type Place = { -readonly [key in keyof Region]: Region[key] }

export class Activations {
  readonly #lane: Lane
  readonly #private: ActivationRegion
  readonly #f32: Place = { address: 0, stride: 0 }
  readonly #q8: Place = { address: 0, stride: 0 }
  readonly #prepared: Prepared = { f32: this.#f32, q8: this.#q8 }

  constructor(lane: Lane) {
    this.#lane = lane
    this.#private = lane.layout.private[lane.index]!
  }

  /**
   * Prepares `n` rows for the given matrices. A few rows are prepared by every lane for itself; for more the lanes
   * share the rows and meet. Row `i` comes from row `pick[i]` of the source (by default `i`). The result is valid
   * until the next call.
   */
  prepare(
    source: Region,
    width: number,
    n: number,
    norm: VectorPlan | undefined,
    matrices: readonly Matrix[],
    pick?: Int32Array,
  ): Prepared {
    const { index, count, sync } = this.#lane
    const alone = n <= PRIVATE_ROWS
    const region = alone ? this.#private : this.#lane.layout.shared
    const q8 = matrices.some(isQ8)
    // Close together, rows share a cache without pushing each other out.
    this.#f32.address = norm ? region.f32.address : source.address
    this.#f32.stride = norm ? width * 4 : source.stride
    this.#q8.address = region.q8.address
    this.#q8.stride = q8 ? activationBytes('q8', width) : 0
    const first = alone ? 0 : index
    const step = alone ? 1 : count
    for (let row = first; row < n; row += step) {
      this.#prepareRow(source.address + (pick ? pick[row]! : row) * source.stride, width, row, norm, q8)
    }
    if (!alone) sync.barrier()
    return this.#prepared
  }

  #prepareRow(x: number, width: number, row: number, norm: VectorPlan | undefined, q8: boolean): void {
    const { kernels, config } = this.#lane
    let input = x
    if (norm) {
      input = this.#f32.address + row * this.#f32.stride
      kernels.rmsnorm(input, x, norm.address, width, 1, 0, 0, config.normEps)
    }
    if (q8) kernels.quantize_q8(this.#q8.address + row * this.#q8.stride, input, width, q8HalfBytes(width))
  }
}

const isQ8 = (matrix: Matrix): boolean => matrix.q8

/** Multiplies groups `begin .. end - 1` of the matrix with `n` prepared rows. */
export function multiply(
  matrix: Matrix,
  out: Region,
  input: Prepared,
  begin: number,
  end: number,
  n: number,
  alive: () => number,
): void {
  const x = matrix.q8 ? input.q8 : input.f32
  matrix.multiply(out.address, x.address, out.stride, x.stride, begin, end, n, alive)
}

/** Multiplies the lane's share of the groups with `n` prepared rows: outputs from `columnStart` on. */
export function multiplyShare(lane: Lane, matrix: Matrix, out: Region, input: Prepared, n: number): void {
  const begin = shareStart(matrix.groups, lane.index, lane.count)
  const end = shareStart(matrix.groups, lane.index + 1, lane.count)
  multiply(matrix, out, input, begin, end, n, lane.sync.alive)
}

/** Several products of one input, their groups laid end to end and shared among the lanes. */
export function multiplyEach(
  { index, count, sync }: Lane,
  matrices: readonly Matrix[],
  outs: readonly Region[],
  input: Prepared,
  n: number,
): void {
  let total = 0
  for (const matrix of matrices) total += matrix.groups
  const begin = shareStart(total, index, count)
  const end = shareStart(total, index + 1, count)
  let first = 0
  for (let i = 0; i < matrices.length; i++) {
    const { groups } = matrices[i]!
    const from = Math.max(begin - first, 0)
    const to = Math.min(end - first, groups)
    if (from < to) multiply(matrices[i]!, outs[i]!, input, from, to, n, sync.alive)
    first += groups
  }
}
