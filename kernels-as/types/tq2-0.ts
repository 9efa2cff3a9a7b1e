// TQ2_0, blocks of 256 elements.
//
//  0  u8[64]: bits 2n and 2n + 1 of 32 bytes are 32 elements + 1
// 64  d half
import { dequantizeRows, store8 } from '../inline/dequantize-rows'
import { halfToFloatScalar } from '../inline/half'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 66

export const file_bytes_tq2_0: i32 = FILE_BYTES

@unmanaged
class TQ2_0 {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline fileElements(): usize { return 256 }

  @inline dequantize(out: usize, step: usize, w: usize, codebook: usize): void {
    const d = halfToFloatScalar(load<u16>(w, 64))
    for (let p: usize = 0; p < 32; p++) {
      const bytes = v128.load8x8_u(w + 32 * (p >> 4) + 8 * (p & 3))
      const codes = v128.and(i16x8.shr_u(bytes, 2 * (<i32>(p >> 2) & 3)), i16x8.splat(3))
      store8(out, step, codes, f32x4.splat(-1), f32x4.splat(d))
      out += step << 3
    }
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_tq2_0(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<TQ2_0>(out, w, rows, k, codebook)
}
