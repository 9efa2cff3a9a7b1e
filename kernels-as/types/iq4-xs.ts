// IQ4_XS. In the file, 256 elements: half d, the high 2 bits of the 8 scales + 32 u16, their low nibbles u8[4], then
// u8[8][16] as in Q4_0. Here:
//
//   0  nibbles, indices of a table
// 128  scales i8[8]
// super-block: 0  d half[8]
import { integers } from '../inline/block-scales'
import { IQ4Nibbles } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyHalf, copyWords } from '../inline/repack-words'
import { ROW_FACTORS, SuperBlock } from '../inline/super-blocks'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 136, BLOCK_BYTES: i32 = 136, HEAD_BYTES: i32 = 16

export const file_bytes_iq4_xs: i32 = FILE_BYTES
export const packed_bytes_iq4_xs: i32 = HEAD_BYTES + 8 * BLOCK_BYTES
export const row_factors_iq4_xs: i32 = ROW_FACTORS

@unmanaged
class IQ4_XS extends SuperBlock<IQ4Nibbles> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline above(): i32 { return 0 }
  @inline superHeadBytes(): usize { return HEAD_BYTES }
  @inline hasHalfScales(): bool { return false }
  @inline hasMinima(): bool { return false }
  @inline scales<S>(w: usize, d: v128, mask: v128): v128 { return f32x4.mul(d, integers<S>(v128.load8x8_s(w, 128))) }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return this.d(head, r) * <f32>load<i8>(w + r, 128)
  }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyHalf(to + 2 * r, from)
    const high = <u32>load<u16>(from + 2)
    for (let b: usize = 0; b < 8; b++) {
      const block = to + HEAD_BYTES + b * BLOCK_BYTES
      copyWords(block + 4 * r, from + 8 + 16 * b, 4)
      const low = (<u32>load<u8>(from + 4 + (b >> 1)) >> (4 * (<u32>b & 1))) & 15
      store<u8>(block + r, (low | (((high >> (2 * <u32>b)) & 3) << 4)) - 32, 128)
    }
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_iq4_xs(out: usize, from: usize, rows: i32, k: i32): void {
  repackBlocks<IQ4_XS>(out, from, rows, k)
}
export function matmul_iq4_xs(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<IQ4_XS>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_iq4_xs(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<IQ4_XS>(out, w, row, k) }
