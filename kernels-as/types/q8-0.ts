// Q8_0. In the file: half d, i8[32]. Here:
//
//   0  bytes
// 256  d half[8]
import { BlockWithD, ROW_FACTORS } from '../inline/blocks'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyWords } from '../inline/repack-words'
import { Words8 } from '../inline/words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 34, BLOCK_BYTES: i32 = 272

export const file_bytes_q8_0: i32 = FILE_BYTES
export const packed_bytes_q8_0: i32 = BLOCK_BYTES
export const row_factors_q8_0: i32 = ROW_FACTORS

@unmanaged
class Bytes extends Words8 {
  @inline isSigned(): bool { return true }
  @inline isNarrow(): bool { return false }
  @inline isPaired(): bool { return true }
  @inline low(): v128 { return i32x4.splat(0) }
  @inline high(): v128 { return i32x4.splat(0) }
  @inline table(): v128 { return i32x4.splat(0) }

  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    return v128.load(w, 64 * offsetof<V>() + 16 * offsetof<S>())
  }

  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    return v128.load(w, 64 * offsetof<V>() + 16 * offsetof<S>() + 32)
  }

  @inline code(w: usize, r: usize, e: usize): i32 { return load<i8>(w + 32 * (e >> 2) + 4 * r + (e & 3)) }
}

@unmanaged
class Q8_0 extends BlockWithD<Bytes> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline above(): i32 { return 0 }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyWords(to + 4 * r, from + 2, 8)
    this.repackD(to, from, r, power)
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_q8_0(out: usize, from: usize, rows: i32, k: i32): void { repackBlocks<Q8_0>(out, from, rows, k) }
export function matmul_q8_0(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<Q8_0>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_q8_0(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<Q8_0>(out, w, row, k) }
