// BF16, in columns of 8 rows as in the file.
import { embedFloat } from '../inline/embed-float'
import { matmulFloat } from '../inline/matmul-float'

// @ts-ignore: decorator
@inline const COLUMN_BYTES: i32 = 16, ROW_FACTORS: i32 = 0

export const file_bytes_bf16: i32 = 2
export const column_bytes_bf16: i32 = COLUMN_BYTES
export const row_factors_bf16: i32 = ROW_FACTORS

@unmanaged
class BF16 {
  @inline columnBytes(): usize { return COLUMN_BYTES }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }

  @inline weights<S>(column: usize, mask: v128, factors: v128): v128 {
    return i32x4.shl(v128.load16x4_s(column, 8 * offsetof<S>()), 16)
  }

  @inline value(at: usize, factor: f32): f32 { return reinterpret<f32>(<u32>load<u16>(at) << 16) }
}

// Kernels: engine/model/kernels.ts.
export function repack_bf16(out: usize, input: usize, rows: i32, k: i32): void {
  const rowBytes = <usize>k << 1
  for (let first = 0; first < rows; first += 8) {
    for (let r = 0; r < 8; r++) {
      let to = out + (<usize>r << 1)
      for (let c: usize = 0; c < rowBytes; c += 2) {
        store<u16>(to, first + r < rows ? load<u16>(input + c) : 0)
        to += 16
      }
      input += rowBytes
    }
    out += rowBytes << 3
  }
}

export function matmul_bf16(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulFloat<BF16>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_bf16(out: usize, w: usize, row: i32, k: i32): void { embedFloat<BF16>(out, w, row, k) }
