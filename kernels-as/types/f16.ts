// F16: groups begin with a head and hold scaled weights (row-factors.ts), in columns of 8 rows.
import { embedFloat } from '../inline/embed-float'
import { floatGroupBytes } from '../inline/float-weights'
import { floatToHalf, halfToFloat, halfToFloatExact, scaleHalf } from '../inline/half'
import { matmulFloat } from '../inline/matmul-float'
import { fileValue, headBytes, largerExponent, startRow } from '../inline/row-factors'

// @ts-ignore: decorator
@inline const COLUMN_BYTES: i32 = 16, ROW_FACTORS: i32 = 1

export const file_bytes_f16: i32 = 2
export const column_bytes_f16: i32 = COLUMN_BYTES
export const row_factors_f16: i32 = ROW_FACTORS

@unmanaged
class F16 {
  @inline columnBytes(): usize { return COLUMN_BYTES }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }

  @inline weights<S>(column: usize, mask: v128, factors: v128): v128 {
    return halfToFloat(v128.load16x4_s(column, 8 * offsetof<S>()), mask, factors)
  }

  @inline value(at: usize, factor: f32): f32 { return fileValue(load<u16>(at), factor) }
}

// Kernels: engine/model/kernels.ts.
export function repack_f16(out: usize, input: usize, rows: i32, k: i32): void {
  const bytes = floatGroupBytes<F16>(k)
  for (let first = 0; first < rows; first += 8) {
    if (first + 8 > rows) memory.fill(out, 0, bytes)
    for (let r: usize = 0; r < <usize>min(8, rows - first); r++) {
      repackRow(out, r, input, k)
      input += <usize>k << 1
    }
    out += bytes
  }
}

/** Spreads a row over the columns of its group. */
function repackRow(group: usize, r: usize, from: usize, k: i32): void {
  let largest: u32 = 0x0400
  for (let c = 0; c < k; c++) largest = largerExponent(largest, load<u16>(from + (<usize>c << 1)))
  const power = startRow(group, r, largest)
  let to = group + headBytes(k) + 2 * r
  let left = k
  for (; left >= 4; left -= 4) {
    const halves = v128.load64_zero(from)
    const values = halfToFloatExact(i32x4.extend_low_i16x8_s(halves))
    const scaled = power == 0 ? halves : floatToHalf(f32x4.mul(values, f32x4.splat(power)))
    v128.store16_lane(to, scaled, 0)
    v128.store16_lane(to, scaled, 1, 16)
    v128.store16_lane(to, scaled, 2, 32)
    v128.store16_lane(to, scaled, 3, 48)
    from += 8
    to += 64
  }
  for (; left > 0; left--) {
    store<u16>(to, scaleHalf(load<u16>(from), power))
    from += 2
    to += 16
  }
}

export function matmul_f16(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulFloat<F16>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_f16(out: usize, w: usize, row: i32, k: i32): void { embedFloat<F16>(out, w, row, k) }
