// IQ2_S, blocks of 256 elements; a part is 32 of them.
//
//  0  d half
//  2  u8[32]: low bytes of the indices
// 34  u8[32]: signs
// 66  u8 per part: two high bits for each piece
// 74  scales: a nibble per 16 elements
import { dequantizeRows, nibbleAt, PiecesWithD, signed, vector8 } from '../inline/dequantize-rows'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 82

export const file_bytes_iq2_s: i32 = FILE_BYTES

@unmanaged
class IQ2_S extends PiecesWithD<IQ2_S> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline pieceScale(w: usize, p: u32, d: f32): f32 { return d * (<f32>nibbleAt(w + 74, p >> 1) + 0.5) * 0.25 }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    const high = <usize>((load<u8>(w + (p >> 2), 66) >> (2 * (p & 3))) & 3)
    return signed(vector8(codebook, <usize>load<u8>(w + p, 2) | (high << 8)), load<u8>(w + p, 34))
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq2_s(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ2_S>(out, w, rows, k, codebook)
}
