// Q3_K. In the file, 256 elements: third bits u8[32], bit b for block b; low 2 bits u8[64] as in Q2_K; 12 bytes of 6-bit
// scales + 32: the low nibbles of scale j in byte j mod 8, its high bits in byte 8 + j mod 4; half d. Here:
//
//  0  twos, with their third bits 4 above the weights
// 64  ones: third bits
// 96  u8[8]: low nibbles of the scales of 16 elements each
// super-block: 0  d half[8]    16  u32[8]: bits 4b .. 4b + 3 the high bits of block b's scales
import { bytes4 } from '../inline/block-scales'
import { firstTwos, oneOf, secondTwos, twoOf } from '../inline/codes'
import { C0, C1, C2, same } from '../inline/constants'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyHalf, copyOnes, copyTwos } from '../inline/repack-words'
import { ROW_FACTORS, SuperBlock } from '../inline/super-blocks'
import { Words3 } from '../inline/words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 110, BLOCK_BYTES: i32 = 104, HEAD_BYTES: i32 = 48

export const file_bytes_q3_k: i32 = FILE_BYTES
export const packed_bytes_q3_k: i32 = HEAD_BYTES + 8 * BLOCK_BYTES
export const row_factors_q3_k: i32 = ROW_FACTORS

@unmanaged
class ThreeBits extends Words3 {
  @inline isSigned(): bool { return false }
  @inline isNarrow(): bool { return false }
  @inline isPaired(): bool { return true }
  @inline low(): v128 { return i32x4.splat(0x03030303) }
  @inline high(): v128 { return i32x4.splat(0x04040404) }
  @inline table(): v128 { return i32x4.splat(0) }

  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    const codes = firstTwos<S, V>(w, low)
    const bits = v128.load(w, 64 + 16 * offsetof<S>())
    if (same<V, C0>()) return v128.or(codes, v128.and(i16x8.shl(bits, 2), high))
    if (same<V, C1>()) return v128.or(codes, v128.and(bits, high))
    return v128.or(codes, v128.and(i16x8.shr_u(bits, same<V, C2>() ? 2 : 4), high))
  }

  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    const codes = secondTwos<S, V>(w, low)
    const bits = v128.load(w, 64 + 16 * offsetof<S>())
    if (same<V, C0>()) return v128.or(codes, v128.and(i16x8.shl(bits, 1), high))
    return v128.or(codes, v128.and(i16x8.shr_u(bits, same<V, C1>() ? 1 : same<V, C2>() ? 3 : 5), high))
  }

  @inline code(w: usize, r: usize, e: usize): i32 { return twoOf(w, r, e) | (oneOf(w + 64, r, e) << 2) }
}

@unmanaged
class Q3_K extends SuperBlock<ThreeBits> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline above(): i32 { return 4 }
  @inline superHeadBytes(): usize { return HEAD_BYTES }
  @inline hasHalfScales(): bool { return true }
  @inline hasMinima(): bool { return false }

  /** The high bits of all scales of the super-block. */
  @inline superBits<S>(head: usize): v128 { return v128.load(head, 16 + 16 * offsetof<S>()) }
  @inline scales<S>(w: usize, d: v128, mask: v128): v128 { return d }

  @inline pairs<S>(w: usize, bits: v128, b: i32): v128 {
    const nibbles = bytes4(w + 96 + 4 * offsetof<S>())
    const high = i32x4.shr_u(bits, (b & 7) << 2)
    const first = v128.or(v128.and(nibbles, i32x4.splat(15)), i32x4.shl(v128.and(high, i32x4.splat(3)), 4))
    const last = v128.or(i32x4.shl(i32x4.shr_u(nibbles, 4), 16), i32x4.shl(v128.and(high, i32x4.splat(12)), 18))
    return i16x8.sub(v128.or(first, last), i16x8.splat(32))
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    const low = (<u32>load<u8>(w + r, 96) >> (4 * <u32>part)) & 15
    const high = (load<u32>(head + 4 * r, 16) >> (4 * <u32>b + 2 * <u32>part)) & 3
    return this.d(head, r) * <f32>(<i32>(low | (high << 4)) - 32)
  }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyHalf(to + 2 * r, from + 108)
    let high: u32 = 0
    for (let b: usize = 0; b < 8; b++) {
      const block = to + HEAD_BYTES + b * BLOCK_BYTES
      copyTwos(block + 4 * r, from + 32 + 32 * (b >> 2), 2 * (<u32>b & 3))
      copyOnes(block + 64 + 4 * r, from, <u32>b)
      let low: u32 = 0
      for (let part: u32 = 0; part < 2; part++) {
        const j = 2 * <u32>b + part
        low |= ((<u32>load<u8>(from + 96 + (j & 7)) >> (j < 8 ? 0 : 4)) & 15) << (4 * part)
        high |= ((<u32>load<u8>(from + 104 + (j & 3)) >> (2 * (j >> 2))) & 3) << (4 * <u32>b + 2 * part)
      }
      store<u8>(block + r, low, 96)
    }
    store<u32>(to + 4 * r, high, 16)
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q3_k(out: usize, from: usize, rows: i32, k: i32): void { repackBlocks<Q3_K>(out, from, rows, k) }
export function matmul_q3_k(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q3_K>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q3_k(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q3_K>(out, w, row, k) }
