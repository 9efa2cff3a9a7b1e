// IQ2_XS, blocks of 256 elements.
//
//  0  d half
//  2  u16[32]: index 9 bits, signs 7 bits of a piece
// 66  scales: a nibble per 16 elements
import { dequantizeRows, evenSigns, nibbleAt, PiecesWithD, signed, vector8 } from '../inline/dequantize-rows'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 74

export const file_bytes_iq2_xs: i32 = FILE_BYTES

@unmanaged
class IQ2_XS extends PiecesWithD<IQ2_XS> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline pieceScale(w: usize, p: u32, d: f32): f32 { return d * (<f32>nibbleAt(w + 66, p >> 1) + 0.5) * 0.25 }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    return signed(vector8(codebook, load<u16>(w + 2 * p, 2) & 511), evenSigns(load<u16>(w + 2 * p, 2) >> 9))
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq2_xs(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ2_XS>(out, w, rows, k, codebook)
}
