// A weight matrix bound to its kernels: chosen once after loading, so that nothing branches on types per row.
import { GROUP_ROWS } from '../limits.ts'
import {
  activationFormat,
  dequantizeKernel,
  matrixKernels,
  packedBytes,
  packedGroupBytes,
  SPAN_GROUPS,
} from './formats.ts'
import type { DequantizeKernel, Kernels, MatmulKernel } from './kernels.ts'
import type { Lane } from './lane.ts'
import { codebookOf } from './memory/codebooks.ts'
import type { Codebooks } from './memory/layout.ts'
import type { MatrixPlan } from './memory/space.ts'

/** Multiply-adds between two looks at the alive mask: some tenths of a millisecond. */
const TILE_MULTIPLY_ADDS = 4e6

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

/** What kernels need besides weights and activations, as addresses. */
export interface KernelPlaces {
  /** MATMUL_SCRATCH_BYTES of this lane's own. */
  readonly scratch: number
  /** f32 [k][8] of the widest generic matrix, this lane's own. */
  readonly tile: number
  readonly codebooks: Codebooks
}

/** Binds a matrix, or number `slab` of several, to the kernels of its type. */
export type Bind = (plan: MatrixPlan, slab?: number) => Matrix

/** How a lane binds matrices. */
export function matrixBinder({ kernels, layout, index, words }: Lane): Bind {
  const floats = new Float32Array(words.buffer)
  const { matmulScratch, dequantized, codebooks } = layout
  const places = {
    scratch: matmulScratch.address + index * matmulScratch.stride,
    tile: dequantized.address + index * dequantized.stride,
    codebooks,
  }
  return (plan, slab = 0) => {
    const address = plan.address + slab * packedBytes(plan.tensor.type, plan.rows, plan.k)
    const matrix = bindMatrix(kernels, { ...plan, address }, places)
    return plan.scale ? scaled(matrix, kernels, floats, (plan.scale.address >>> 2) + slab) : matrix
  }
}

/** The matrix times `floats[at]`, which is there once all lanes have loaded. Only products are scaled. */
function scaled(matrix: Matrix, kernels: Kernels, floats: Float32Array, at: number): Matrix {
  return {
    ...matrix,
    multiply(out, x, outStride, xStride, begin, end, n, alive) {
      matrix.multiply(out, x, outStride, xStride, begin, end, n, alive)
      const factor = floats[at]!
      for (let row = 0; row < n; row++) {
        kernels.scale(out + row * outStride + begin * GROUP_ROWS * 4, (end - begin) * GROUP_ROWS, factor)
      }
    },
  }
}

export function bindMatrix(kernels: Kernels, plan: MatrixPlan, places: KernelPlaces): Matrix {
  const dequantize = dequantizeKernel(kernels, plan.tensor.type)
  if (dequantize) return bindGeneric(kernels.matmul_f32, dequantize, plan, places)
  const { matmul, embedRow } = matrixKernels(kernels, plan.tensor.type)
  const { address, k } = plan
  const { scratch } = places
  return {
    plan,
    groups: Math.ceil(plan.rows / GROUP_ROWS),
    q8: activationFormat(plan.tensor.type) === 'q8',
    multiply(out, x, outStride, xStride, begin, end, n, alive) {
      const spans = Math.floor(TILE_MULTIPLY_ADDS / (GROUP_ROWS * k * n * SPAN_GROUPS))
      const tile = Math.max(1, spans) * SPAN_GROUPS
      for (let group = begin; group < end && alive() !== 0; group += tile) {
        matmul(out, address, x, outStride, xStride, group, Math.min(end, group + tile), k, n, scratch)
      }
    },
    embedRow(out, row) {
      embedRow(out, address, row, k)
    },
  }
}

/** Every group of rows is dequantized into the lane's tile and multiplied from there as F32 weights are. */
function bindGeneric(
  matmul: MatmulKernel,
  dequantize: DequantizeKernel,
  plan: MatrixPlan,
  { scratch, tile, codebooks }: KernelPlaces,
): Matrix {
  const { address, k } = plan
  const { type } = plan.tensor
  const groupBytes = packedGroupBytes(type, k)
  const name = codebookOf(type)
  const codebook = name === undefined ? 0 : codebooks[name]!
  return {
    plan,
    groups: Math.ceil(plan.rows / GROUP_ROWS),
    q8: false,
    multiply(out, x, outStride, xStride, begin, end, n, alive) {
      for (let group = begin; group < end && alive() !== 0; group++) {
        dequantize(tile, address + group * groupBytes, GROUP_ROWS, k, codebook)
        matmul(out + group * GROUP_ROWS * 4, tile, x, outStride, xStride, 0, 1, k, n, scratch)
      }
    },
    embedRow(out, row) {
      dequantize(out, address + (row * groupBytes) / GROUP_ROWS, 1, k, codebook)
    },
  }
}
