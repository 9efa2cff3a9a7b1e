// MXFP4. In the file: a byte of exponent, then u8[16] whose byte j holds elements j and j + 16. Here:
//
//   0  nibbles, indices of a table
// 128  exponents u8[8]
import { bytes4 } from '../inline/block-scales'
import { Block } from '../inline/blocks'
import { nibbleOf, TableNibbles, tableValue } from '../inline/codes'
import { embedBlocks } from '../inline/embed-blocks'
import { matmulBlocks } from '../inline/matmul-blocks'
import { repackBlocks } from '../inline/repack-blocks'
import { copyWords } from '../inline/repack-words'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 17, BLOCK_BYTES: i32 = 136, ROW_FACTORS: i32 = 0

export const file_bytes_mxfp4: i32 = FILE_BYTES
export const packed_bytes_mxfp4: i32 = BLOCK_BYTES
export const row_factors_mxfp4: i32 = ROW_FACTORS

@unmanaged
class E2M1Nibbles extends TableNibbles {
  @inline isNarrow(): bool { return true }

  /** Twice the E2M1 numbers, so that they are whole. */
  @inline table(): v128 { return i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12) }

  @inline code(w: usize, r: usize, e: usize): i32 {
    return tableValue(0x0c08060403020100, 0xf4f8fafcfdfeff00, nibbleOf(w, r, e))
  }
}

@unmanaged
class MXFP4 extends Block<E2M1Nibbles> {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline bytes(): usize { return BLOCK_BYTES }
  @inline above(): i32 { return 0 }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }
  @inline hasMinima(): bool { return false }

  /** 2^(e - 128): half an E8M0 scale, for values are doubled. */
  @inline scales<S>(w: usize, factors: v128, mask: v128): v128 {
    const e = bytes4(w + 128 + 4 * offsetof<S>())
    const normal = i32x4.shl(i32x4.sub(e, i32x4.splat(1)), 23)
    const subnormal = i32x4.shl(i32x4.add(e, i32x4.splat(1)), 21)
    return v128.bitselect(subnormal, normal, i32x4.lt_s(e, i32x4.splat(2)))
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    const e = <u32>load<u8>(w + r, 128)
    return reinterpret<f32>(e < 2 ? 0x00200000 << e : (e - 1) << 23)
  }

  @inline repack(to: usize, from: usize, r: usize, power: f32): void {
    copyWords(to + 4 * r, from + 1, 4)
    store<u8>(to + r, load<u8>(from), 128)
  }
}

// Kernels: engine/model/kernels.ts.
export function repack_mxfp4(out: usize, from: usize, rows: i32, k: i32): void {
  repackBlocks<MXFP4>(out, from, rows, k)
}
export function matmul_mxfp4(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void { matmulBlocks<MXFP4>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch) }
export function embed_row_mxfp4(out: usize, w: usize, row: i32, k: i32): void { embedBlocks<MXFP4>(out, w, row, k) }
