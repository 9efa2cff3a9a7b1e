// Q2_K. In the file, 256 elements: u8[16], scale in the low and minimum in the high nibble, for 16 elements each; codes
// u8[64], half d, half dmin. In each half of 128 elements, block t takes bits 2t, 2t + 1 of 32 bytes. Here:
//
//  0  twos
// 64  u8[8][2], of 16 elements each: scale in the low, minimum, which is taken, in the high nibble
// super-block: 0  d half[8]    16  dmin half[8]
import { firstTwos, secondTwos, twoOf } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { halfSums, scaleOf } from '../inline/q8'
import { repackBlocks } from '../inline/repack-blocks'
import { copyHalf, copyTwos } from '../inline/repack-words'
import { ROW_FACTORS, SuperBlockWithDmin } from '../inline/super-blocks'
import { Words2 } from '../inline/words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 84, BLOCK_BYTES: i32 = 80, HEAD_BYTES: i32 = 32

export const file_bytes_q2_k: i32 = FILE_BYTES
export const packed_bytes_q2_k: i32 = HEAD_BYTES + 8 * BLOCK_BYTES
export const row_factors_q2_k: i32 = ROW_FACTORS

@unmanaged
class Twos extends Words2 {
  @inline isSigned(): bool { return false }
  @inline isNarrow(): bool { return false }
  @inline isPaired(): bool { return true }
  @inline low(): v128 { return i32x4.splat(0x03030303) }
  @inline high(): v128 { return i32x4.splat(0) }
  @inline table(): v128 { return i32x4.splat(0) }
  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 { return firstTwos<S, V>(w, low) }
  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 { return secondTwos<S, V>(w, low) }
  @inline code(w: usize, r: usize, e: usize): i32 { return twoOf(w, r, e) }
}

@unmanaged
class Q2_K extends SuperBlockWithDmin<Twos> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline superHeadBytes(): usize { return HEAD_BYTES }
  @inline hasHalfScales(): bool { return true }
  @inline superBits<S>(head: usize): v128 { return i32x4.splat(0) }
  @inline scales<S>(w: usize, d: v128, mask: v128): v128 { return d }
  @inline minima<S>(w: usize, dmin: v128, mask: v128): v128 { return dmin }

  @inline pairs<S>(w: usize, bits: v128, b: i32): v128 {
    return v128.and(v128.load8x8_u(w, 64 + 8 * offsetof<S>()), i16x8.splat(15))
  }

  @inline addMinima<S>(sum: v128, minima: v128, w: usize, x: usize): v128 {
    const minimumPairs = i16x8.shr_u(v128.load8x8_u(w, 64 + 8 * offsetof<S>()), 4)
    const taken = f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(minimumPairs, halfSums(x)))
    return f32x4.sub(sum, f32x4.mul(taken, f32x4.mul(minima, scaleOf(x))))
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return this.d(head, r) * <f32>(load<u8>(w + 2 * r + part, 64) & 15)
  }

  @inline rowMinimum(w: usize, head: usize, r: usize, part: usize, factor: f32): f32 {
    return -(this.dmin(head, r) * <f32>(load<u8>(w + 2 * r + part, 64) >> 4))
  }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyHalf(to + 2 * r, from + 80)
    copyHalf(to + 16 + 2 * r, from + 82)
    for (let b: usize = 0; b < 8; b++) {
      const block = to + HEAD_BYTES + b * BLOCK_BYTES
      copyTwos(block + 4 * r, from + 16 + 32 * (b >> 2), 2 * (<u32>b & 3))
      copyHalf(block + 64 + 2 * r, from + 2 * b)
    }
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q2_k(out: usize, from: usize, rows: i32, k: i32): void { repackBlocks<Q2_K>(out, from, rows, k) }
export function matmul_q2_k(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q2_K>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q2_k(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q2_K>(out, w, row, k) }
