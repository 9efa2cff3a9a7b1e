// IQ3_S, blocks of 256 elements; a part is 32 of them.
//
//   0  d half
//   2  u8[64]: low bytes of an index for every 4 elements
//  66  u8[8]: their ninth bits
//  74  u8[32]: signs
// 106  scales: a nibble per part
import { dequantizeRows, nibbleAt, odd, PiecesWithD, signed, vectors4 } from '../inline/dequantize-rows'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 110

export const file_bytes_iq3_s: i32 = FILE_BYTES

@unmanaged
class IQ3_S extends PiecesWithD<IQ3_S> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline pieceScale(w: usize, p: u32, d: f32): f32 { return d * odd(nibbleAt(w + 106, p >> 2)) }

  @inline piece(w: usize, p: u32, codebook: usize): v128 {
    return signed(vectors4(codebook, indexOf(w, 2 * p), indexOf(w, 2 * p + 1)), load<u8>(w + p, 74))
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_iq3_s(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ3_S>(out, w, rows, k, codebook)
}

/** The index of elements 4q .. 4q + 3. */
// @ts-ignore: decorator
@inline
function indexOf(w: usize, q: u32): usize {
  return <usize>load<u8>(w + q, 2) | (<usize>((load<u8>(w + (q >> 3), 66) >> (q & 7)) & 1) << 8)
}
