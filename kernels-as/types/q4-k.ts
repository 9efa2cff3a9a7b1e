// Q4_K. In the file, 256 elements: half d, half dmin, 12 bytes of 6-bit scales and minima, then u8[128]: in each 32 bytes
// the low nibbles are one block, the high nibbles the next. Here:
//
//   0  nibbles
// 128  scales u8[8]
// 136  minima u8[8], which are taken
// super-block: 0  d half[8]    16  dmin half[8]
import { Nibbles } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyHalf, copyNibbles, copySixBits } from '../inline/repack-words'
import { ROW_FACTORS, SuperBlockWithByteScales } from '../inline/super-blocks'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 144, BLOCK_BYTES: i32 = 144, HEAD_BYTES: i32 = 32

export const file_bytes_q4_k: i32 = FILE_BYTES
export const packed_bytes_q4_k: i32 = HEAD_BYTES + 8 * BLOCK_BYTES
export const row_factors_q4_k: i32 = ROW_FACTORS

@unmanaged
class Q4_K extends SuperBlockWithByteScales<Nibbles> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline superHeadBytes(): usize { return HEAD_BYTES }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyHalf(to + 2 * r, from)
    copyHalf(to + 16 + 2 * r, from + 2)
    for (let b: usize = 0; b < 8; b++) {
      const block = to + HEAD_BYTES + b * BLOCK_BYTES
      const pair = from + 16 + 32 * (b >> 1)
      copyNibbles(block + 4 * r, pair, pair + 16, <u32>(b & 1) << 2)
      copySixBits(block + 128 + r, from + 4, b)
    }
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q4_k(out: usize, from: usize, rows: i32, k: i32): void { repackBlocks<Q4_K>(out, from, rows, k) }
export function matmul_q4_k(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q4_K>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q4_k(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q4_K>(out, w, row, k) }
