// TQ1_0, blocks of 256 elements. A byte is a fraction of 256 whose ternary digits, the first after the point first, are
// elements + 1.
//
//  0  u8[48] of five digits each
// 48  u8[4] of four each
// 52  d half
import { dequantizeRows, store8 } from '../inline/dequantize-rows'
import { halfToFloatScalar } from '../inline/half'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 54

export const file_bytes_tq1_0: i32 = FILE_BYTES

@unmanaged
class TQ1_0 {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline fileElements(): usize { return 256 }

  @inline dequantize(out: usize, step: usize, w: usize, codebook: usize): void {
    const d = halfToFloatScalar(load<u16>(w, 52))
    for (let at: usize = 0; at < 32; at += 8) digits(out + at * step, 32 * step, step, v128.load8x8_u(w + at), 5, d)
    const next = out + 160 * step
    for (let at: usize = 0; at < 16; at += 8) digits(next + at * step, 16 * step, step, v128.load8x8_u(w + at, 32), 5, d)
    // Four bytes of four digits: two digits of each are a piece.
    const last = i16x8.extend_low_i8x16_u(v128.load32_splat(w, 48))
    digits(out + 240 * step, 8 * step, step, i16x8.mul(last, i16x8(1, 1, 1, 1, 3, 3, 3, 3)), 2, d)
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_tq1_0(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<TQ1_0>(out, w, rows, k, codebook)
}

/** Digits 0 .. count - 1 of 8 bytes (i16x8), those of the same rank together, `apart` bytes from the next. */
// @ts-ignore: decorator
@inline
function digits(out: usize, apart: usize, step: usize, bytes: v128, count: i32, d: f32): void {
  const low = i16x8.splat(255)
  const advance = i16x8.splat(count == 5 ? 3 : 9)
  for (let n = 0; n < count; n++) {
    bytes = v128.and(bytes, low)
    store8(out, step, i16x8.shr_u(i16x8.mul(bytes, i16x8.splat(3)), 8), f32x4.splat(-1), f32x4.splat(d))
    bytes = i16x8.mul(bytes, advance)
    out += apart
  }
}
