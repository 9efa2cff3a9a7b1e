// IQ1_M, blocks of 256 elements.
//
//  0  u8[32]: low bytes of the indices
// 32  a nibble per piece: three high bits, sign of the shift
// 48  u16[4]: scales, 3 bits per 16 elements; their top nibbles are d half
import { dequantizeRows, nibbleAt, odd, Pieces } from '../inline/dequantize-rows'
import { halfToFloatScalar } from '../inline/half'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 56

export const file_bytes_iq1_m: i32 = FILE_BYTES

@unmanaged
class IQ1_M extends Pieces<IQ1_M> {
  @inline fileBytes(): usize { return FILE_BYTES }

  @inline d(w: usize): f32 {
    const low = (load<u16>(w, 48) >> 12) | ((load<u16>(w, 50) >> 8) & 0xf0)
    return halfToFloatScalar(low | ((load<u16>(w, 52) >> 4) & 0xf00) | (load<u16>(w, 54) & 0xf000))
  }

  @inline pieceScale(w: usize, p: u32, d: f32): f32 {
    return d * odd((<u32>load<u16>(w + 2 * (p >> 3), 48) >> (3 * ((p >> 1) & 3))) & 7)
  }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    const index = <usize>load<u8>(w + p) | (<usize>(nibbleAt(w + 32, p) & 7) << 8)
    return v128.load8x8_s(codebook + (index << 3))
  }

  @inline pieceShift(w: usize, p: u32): f32 { return nibbleAt(w + 32, p) >> 3 ? -0.125 : 0.125 }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq1_m(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ1_M>(out, w, rows, k, codebook)
}
