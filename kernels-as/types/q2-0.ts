// Q2_0, blocks of 64 elements.
//
// 0  d half
// 2  u8[16]: bits 2e and 2e + 1 are element e + 1
import { dequantizeRows, store8 } from '../inline/dequantize-rows'
import { halfToFloatScalar } from '../inline/half'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 18

export const file_bytes_q2_0: i32 = FILE_BYTES

@unmanaged
class Q2_0 {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline fileElements(): usize { return 64 }

  @inline dequantize(out: usize, step: usize, w: usize, codebook: usize): void {
    const d = halfToFloatScalar(load<u16>(w))
    for (let p: usize = 0; p < 8; p++) {
      const word = i16x8.splat(<i16>load<u16>(w + 2 * p, 2))
      // Every lane's pair to its top, then down.
      const codes = i16x8.shr_u(i16x8.mul(word, i16x8(1 << 14, 1 << 12, 1 << 10, 1 << 8, 1 << 6, 1 << 4, 1 << 2, 1)), 14)
      store8(out, step, codes, f32x4.splat(-1), f32x4.splat(d))
      out += step << 3
    }
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_q2_0(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<Q2_0>(out, w, rows, k, codebook)
}
