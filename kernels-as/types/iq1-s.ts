// IQ1_S, blocks of 256 elements; a part is 32 of them.
//
//  0  d half
//  2  u8[32]: low bytes of the indices
// 34  u16 per part: three high bits for each piece, scale 3 bits, sign of the shift
import { dequantizeRows, odd, Pieces } from '../inline/dequantize-rows'
import { halfToFloatScalar } from '../inline/half'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 50

export const file_bytes_iq1_s: i32 = FILE_BYTES

@unmanaged
class IQ1_S extends Pieces<IQ1_S> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline d(w: usize): f32 { return halfToFloatScalar(load<u16>(w)) }
  @inline pieceScale(w: usize, p: u32, d: f32): f32 { return d * odd((load<u16>(w + 2 * (p >> 2), 34) >> 12) & 7) }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    const high = <usize>((load<u16>(w + 2 * (p >> 2), 34) >> (3 * (p & 3))) & 7)
    return v128.load8x8_s(codebook + ((<usize>load<u8>(w + p, 2) | (high << 8)) << 3))
  }

  @inline pieceShift(w: usize, p: u32): f32 { return load<u16>(w + 2 * (p >> 2), 34) >> 15 ? -0.125 : 0.125 }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq1_s(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ1_S>(out, w, rows, k, codebook)
}
