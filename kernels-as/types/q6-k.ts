// Q6_K. In the file, 256 elements: low 4 bits u8[128], high 2 bits u8[64], scales i8[16], half d. In each half of 128
// elements, block t takes the low or (t >= 2) high nibbles of 32 bytes and bits 2t, 2t + 1 of 32 bytes. Here:
//
//   0  nibbles, paired; with their high bits 32 above the weights
// 128  twos: high bits
// 192  scales i8[8][2], of 16 elements each
// super-block: 0  d half[8]
import { highNibbles, isEven, lowNibbles, pairedNibbleOf, twoOf } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyHalf, copyTwos } from '../inline/repack-words'
import { ROW_FACTORS, SuperBlock } from '../inline/super-blocks'
import { Words6 } from '../inline/words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 210, BLOCK_BYTES: i32 = 208, HEAD_BYTES: i32 = 16

export const file_bytes_q6_k: i32 = FILE_BYTES
export const packed_bytes_q6_k: i32 = HEAD_BYTES + 8 * BLOCK_BYTES
export const row_factors_q6_k: i32 = ROW_FACTORS

@unmanaged
class SixBits extends Words6 {
  @inline isSigned(): bool { return false }
  @inline isNarrow(): bool { return false }
  @inline isPaired(): bool { return true }
  @inline low(): v128 { return i32x4.splat(0x0f0f0f0f) }
  @inline high(): v128 { return i32x4.splat(0x30303030) }
  @inline table(): v128 { return i32x4.splat(0) }

  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    const bits = v128.load(w, 128 + 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
    return v128.or(lowNibbles<S, V>(w, low), v128.and(isEven<V>() ? i16x8.shl(bits, 4) : bits, high))
  }

  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    const bits = v128.load(w, 128 + 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
    const shifted = isEven<V>() ? i16x8.shl(bits, 2) : i16x8.shr_u(bits, 2)
    return v128.or(highNibbles<S, V>(w, low), v128.and(shifted, high))
  }

  @inline code(w: usize, r: usize, e: usize): i32 { return pairedNibbleOf(w, r, e) | (twoOf(w + 128, r, e) << 4) }
}

@unmanaged
class Q6_K extends SuperBlock<SixBits> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline above(): i32 { return 32 }
  @inline superHeadBytes(): usize { return HEAD_BYTES }
  @inline hasHalfScales(): bool { return true }
  @inline hasMinima(): bool { return false }
  @inline superBits<S>(head: usize): v128 { return i32x4.splat(0) }
  @inline scales<S>(w: usize, d: v128, mask: v128): v128 { return d }
  @inline pairs<S>(w: usize, bits: v128, b: i32): v128 { return v128.load8x8_s(w, 192 + 8 * offsetof<S>()) }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return this.d(head, r) * <f32>load<i8>(w + 2 * r + part, 192)
  }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyHalf(to + 2 * r, from + 208)
    for (let b: usize = 0; b < 8; b++) {
      const block = to + HEAD_BYTES + b * BLOCK_BYTES
      const t = <u32>b & 3
      const low = from + 64 * (b >> 2) + 32 * (b & 1)
      for (let v: usize = 0; v < 4; v++) {
        const even = (load<u32>(low + 8 * v) >> (2 * (t & 2))) & 0x0f0f0f0f
        const odd = (load<u32>(low + 8 * v + 4) >> (2 * (t & 2))) & 0x0f0f0f0f
        store<u32>(block + 32 * v + 4 * r, even | (odd << 4))
      }
      copyTwos(block + 128 + 4 * r, from + 128 + 32 * (b >> 2), 2 * t)
      copyHalf(block + 192 + 2 * r, from + 192 + 2 * b)
    }
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q6_k(out: usize, from: usize, rows: i32, k: i32): void { repackBlocks<Q6_K>(out, from, rows, k) }
export function matmul_q6_k(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q6_K>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q6_k(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q6_K>(out, w, row, k) }
