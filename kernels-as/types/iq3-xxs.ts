// IQ3_XXS, blocks of 256 elements; a part is 32 of them.
//
//  0  d half
//  2  u8[64]: an index for every 4 elements
// 66  u32 per part: signs, 7 bits for each piece, and the scale in the top 4
import { dequantizeRows, evenSigns, PiecesWithD, signed, vectors4 } from '../inline/dequantize-rows'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 98

export const file_bytes_iq3_xxs: i32 = FILE_BYTES

@unmanaged
class IQ3_XXS extends PiecesWithD<IQ3_XXS> {
  @inline fileBytes(): usize { return FILE_BYTES }

  @inline pieceScale(w: usize, p: u32, d: f32): f32 {
    return d * (<f32>(load<u32>(w + 4 * (p >> 2), 66) >> 28) + 0.5) * 0.5
  }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    const signs = evenSigns((load<u32>(w + 4 * (p >> 2), 66) >> (7 * (p & 3))) & 127)
    return signed(vectors4(codebook, load<u8>(w + 2 * p, 2), load<u8>(w + 2 * p, 3)), signs)
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq3_xxs(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ3_XXS>(out, w, rows, k, codebook)
}
