// A weight matrix bound to its kernels: chosen once after loading, so that nothing branches on types per row.
import { GROUP_ROWS } from '../limits.ts'
import { matrixKernels } from './formats.ts'
import type { Kernels } from './kernels.ts'
import { type MatrixPlan, wantsQ8 } from './layout.ts'

/** Multiply-adds between two looks at the alive mask: at most a few milliseconds on a slow core. */
const TILE_MULTIPLY_ADDS = 24e6

export interface Matrix {
  readonly plan: MatrixPlan
  /** Groups of eight outputs. */
  readonly groups: number
  /** Whether the input is wanted in the `q8` form (else f32). */
  readonly q8: boolean
  /**
   * `out[i][8g .. 8g+7] = W[8g .. 8g+7] . x[i]` for groups `begin .. end - 1` and `n` activation rows.
   * Strides in bytes. Stops early, leaving the rest of `out` unwritten, once `alive()` is 0.
   */
  multiply(
    out: number,
    x: number,
    outStride: number,
    xStride: number,
    begin: number,
    end: number,
    n: number,
    alive: () => number,
  ): void
  /** Writes row `row`, dequantized, to `out` as f32 [k]. */
  embedRow(out: number, row: number): void
}

export function bindMatrix(kernels: Kernels, plan: MatrixPlan): Matrix {
  const { matmul, embedRow } = matrixKernels(kernels, plan.tensor.type)
  const { address, k } = plan
  return {
    plan,
    groups: Math.ceil(plan.rows / GROUP_ROWS),
    q8: wantsQ8(plan),
    multiply(out, x, outStride, xStride, begin, end, n, alive) {
      const tile = Math.max(1, Math.floor(TILE_MULTIPLY_ADDS / (GROUP_ROWS * k * n)))
      for (let group = begin; group < end && alive() !== 0; group += tile) {
        matmul(out, address, x, outStride, xStride, group, Math.min(end, group + tile), k, n)
      }
    },
    embedRow(out, row) {
      embedRow(out, address, row, k)
    },
  }
}
