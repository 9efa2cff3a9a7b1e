// IQ2_XXS, blocks of 256 elements; a part is 32 of them.
//
// 0  d half
// 2  per part: u8[4] indices, u32: signs, 7 bits for each piece, and the scale in the top 4
import { dequantizeRows, evenSigns, PiecesWithD, signed, vector8 } from '../inline/dequantize-rows'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 66

export const file_bytes_iq2_xxs: i32 = FILE_BYTES

@unmanaged
class IQ2_XXS extends PiecesWithD<IQ2_XXS> {
  @inline fileBytes(): usize { return FILE_BYTES }

  @inline pieceScale(w: usize, p: u32, d: f32): f32 {
    return d * (<f32>(load<u32>(w + 8 * (p >> 2), 6) >> 28) + 0.5) * 0.25
  }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    const signs = evenSigns((load<u32>(w + 8 * (p >> 2), 6) >> (7 * (p & 3))) & 127)
    return signed(vector8(codebook, load<u8>(w + 8 * (p >> 2) + (p & 3), 2)), signs)
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq2_xxs(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ2_XXS>(out, w, rows, k, codebook)
}
