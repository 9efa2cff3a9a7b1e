// Q4_1. In the file: half d, half m, then u8[16] whose byte j holds elements j and j + 16. Here:
//
//   0  nibbles
// 128  d half[8]
// 144  m half[8], which is added
import { nibbleOf, Nibbles } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { halfToFloat, scaleHalf } from '../inline/half'
import { matmulBlocks } from '../inline/matmul-blocks'
import { scaledSum } from '../inline/q8'
import { repackBlocks } from '../inline/repack-blocks'
import { copyWords } from '../inline/repack-words'
import { fileValue, largerExponent } from '../inline/row-factors'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 20, BLOCK_BYTES: i32 = 160, ROW_FACTORS: i32 = 1

export const file_bytes_q4_1: i32 = FILE_BYTES
export const packed_bytes_q4_1: i32 = BLOCK_BYTES
export const row_factors_q4_1: i32 = ROW_FACTORS

@unmanaged
class Q4_1 extends Nibbles {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }
  @inline isSuper(): bool { return false }
  @inline hasHalfScales(): bool { return false }
  @inline hasMinima(): bool { return true }
  @inline offset(sum: v128, x: usize, pairs: v128): v128 { return sum }

  @inline scales<S>(w: usize, factors: v128, mask: v128): v128 {
    return halfToFloat(v128.load16x4_s(w, 128 + 8 * offsetof<S>()), mask, factors)
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return fileValue(load<u16>(w + 2 * r, 128), factor)
  }

  @inline minima<S>(w: usize, factors: v128, mask: v128): v128 {
    return halfToFloat(v128.load16x4_s(w, 144 + 8 * offsetof<S>()), mask, factors)
  }

  @inline addMinima<S>(sum: v128, minima: v128, w: usize, x: usize): v128 {
    return f32x4.add(sum, f32x4.mul(minima, scaledSum(x)))
  }

  @inline rowMinimum(w: usize, head: usize, r: usize, part: usize, factor: f32): f32 {
    return fileValue(load<u16>(w + 2 * r, 144), factor)
  }

  @inline code(w: usize, r: usize, e: usize): i32 { return nibbleOf(w, r, e) }

  @inline largestExponent(largest: u32, from: usize): u32 {
    return largerExponent(largerExponent(largest, load<u16>(from)), load<u16>(from, 2))
  }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyWords(to + 4 * r, from + 4, 4)
    store<u16>(to + 2 * r, scaleHalf(load<u16>(from), power), 128)
    store<u16>(to + 2 * r, scaleHalf(load<u16>(from, 2), power), 144)
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q4_1(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q4_1>(out, input, rows, k)
}
export function matmul_q4_1(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q4_1>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q4_1(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q4_1>(out, w, row, k) }
