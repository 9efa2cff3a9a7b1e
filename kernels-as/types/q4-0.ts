// Q4_0. In the file: half d, then u8[16] whose byte j holds elements j and j + 16. Here:
//
//   0  nibbles, 8 above the weights
// 128  d half[8]
import { BlockWithD, ROW_FACTORS } from '../inline/blocks'
import { Nibbles } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyWords } from '../inline/repack-words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 18, BLOCK_BYTES: i32 = 144

export const file_bytes_q4_0: i32 = FILE_BYTES
export const packed_bytes_q4_0: i32 = BLOCK_BYTES
export const row_factors_q4_0: i32 = ROW_FACTORS

@unmanaged
class Q4_0 extends BlockWithD<Nibbles> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline above(): i32 { return 8 }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyWords(to + 4 * r, from + 2, 4)
    this.repackD(to, from, r, power)
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q4_0(out: usize, from: usize, rows: i32, k: i32): void { repackBlocks<Q4_0>(out, from, rows, k) }
export function matmul_q4_0(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q4_0>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q4_0(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q4_0>(out, w, row, k) }
