// Q1_0, blocks of 128 elements.
//
// 0  d half
// 2  u8[16]: bit e says whether element e is d or -d
import { dequantizeRows, signed, store8 } from '../inline/dequantize-rows'
import { halfToFloatScalar } from '../inline/half'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 18

export const file_bytes_q1_0: i32 = FILE_BYTES

@unmanaged
class Q1_0 {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline fileElements(): usize { return 128 }

  @inline dequantize(out: usize, step: usize, w: usize, codebook: usize): void {
    const d = halfToFloatScalar(load<u16>(w))
    for (let p: usize = 0; p < 16; p++) {
      store8(out, step, signed(i16x8.splat(1), ~<u32>load<u8>(w + p, 2) & 255), f32x4.splat(0), f32x4.splat(d))
      out += step << 3
    }
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_q1_0(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<Q1_0>(out, w, rows, k, codebook)
}
