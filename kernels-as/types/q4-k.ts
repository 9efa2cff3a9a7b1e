// Q4_K. In the file, 256 elements: half d, half dmin, 12 bytes of 6-bit scales and minima, then u8[128]: in each 32 bytes
// the low nibbles are one block, the high nibbles the next. Here:
//
//   0  nibbles
// 128  scales u8[8]
// 136  minima u8[8], which are taken
// super-block: 0  d half[8]    16  dmin half[8]
import { integers } from '../inline/block-scales'
import { nibbleOf, Nibbles } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { halfToFloatExact, halfToFloatScalar } from '../inline/half'
import { matmulBlocks } from '../inline/matmul-blocks'
import { scaledSum } from '../inline/q8'
import { repackBlocks } from '../inline/repack-blocks'
import { copyHalf, copyNibbles, copySixBits } from '../inline/repack-words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 144, BLOCK_BYTES: i32 = 144, HEAD_BYTES: i32 = 32, ROW_FACTORS: i32 = 0

export const file_bytes_q4_k: i32 = FILE_BYTES
export const packed_bytes_q4_k: i32 = HEAD_BYTES + 8 * BLOCK_BYTES
export const row_factors_q4_k: i32 = ROW_FACTORS

@unmanaged
class Q4_K extends Nibbles {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }
  @inline isSuper(): bool { return true }
  @inline superHeadBytes(): usize { return HEAD_BYTES }
  @inline hasHalfScales(): bool { return false }
  @inline hasMinima(): bool { return true }
  @inline offset(sum: v128, x: usize, pairs: v128): v128 { return sum }
  @inline superScales<S>(head: usize): v128 { return halfToFloatExact(v128.load16x4_s(head, 8 * offsetof<S>())) }
  @inline superMinima<S>(head: usize): v128 { return halfToFloatExact(v128.load16x4_s(head, 16 + 8 * offsetof<S>())) }
  @inline scales<S>(w: usize, d: v128, mask: v128): v128 { return f32x4.mul(d, integers<S>(v128.load8x8_u(w, 128))) }

  @inline minima<S>(w: usize, dmin: v128, mask: v128): v128 {
    return f32x4.mul(dmin, integers<S>(v128.load8x8_u(w, 136)))
  }

  @inline addMinima<S>(sum: v128, minima: v128, w: usize, x: usize): v128 {
    return f32x4.sub(sum, f32x4.mul(minima, scaledSum(x)))
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return halfToFloatScalar(load<u16>(head + 2 * r)) * <f32>load<u8>(w + r, 128)
  }

  @inline rowMinimum(w: usize, head: usize, r: usize, part: usize, factor: f32): f32 {
    return -(halfToFloatScalar(load<u16>(head + 2 * r, 16)) * <f32>load<u8>(w + r, 136))
  }

  @inline code(w: usize, r: usize, e: usize): i32 { return nibbleOf(w, r, e) }

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
export function repack_q4_k(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q4_K>(out, input, rows, k)
}
export function matmul_q4_k(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q4_K>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q4_k(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q4_K>(out, w, row, k) }
