// F32, in columns of 8 rows as in the file.
import { embedFloat } from '../inline/embed-float'
import { interleaveWords } from '../inline/interleave'
import { matmulFloat } from '../inline/matmul-float'

// @ts-ignore: decorator
@inline const COLUMN_BYTES: i32 = 32, ROW_FACTORS: i32 = 0

export const file_bytes_f32: i32 = 4
export const column_bytes_f32: i32 = COLUMN_BYTES
export const row_factors_f32: i32 = ROW_FACTORS

@unmanaged
class F32 {
  @inline columnBytes(): usize { return COLUMN_BYTES }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }
  @inline weights<S>(column: usize, mask: v128, factors: v128): v128 { return v128.load(column, 16 * offsetof<S>()) }
  @inline value(at: usize, factor: f32): f32 { return load<f32>(at) }
}

// Kernels: engine/model/kernels.ts.
export function repack_f32(out: usize, input: usize, rows: i32, k: i32): void { interleaveWords(out, input, rows, k) }
export function matmul_f32(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulFloat<F32>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_f32(out: usize, w: usize, row: i32, k: i32): void { embedFloat<F32>(out, w, row, k) }
