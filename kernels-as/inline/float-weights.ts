// Float weight matrices: groups of 8 rows, column by column; column c of a group holds the weights of rows 0..7.
// F32 and BF16 as in the file. F16 rows are multiplied by a power of two that makes all their weights normal
// (subnormal operands are slow); after the columns a group holds, per row, the factor that undoes this and turns the
// bits of a half float into an f32, as the upper 16 bits of an f32. A row with an infinity or NaN is stored unscaled
// with factor NaN, so that its products are NaN.
import { halfToFloat } from './half'

/** Storage types; always passed as constants, so that only one branch remains. */
// @ts-ignore: decorator
@inline export const F32: i32 = 0
// @ts-ignore: decorator
@inline export const F16: i32 = 1
// @ts-ignore: decorator
@inline export const BF16: i32 = 2

/** Bytes of one column of a group. */
// @ts-ignore: decorator
@inline
export function columnBytes(type: i32): usize {
  return type == F32 ? 32 : 16
}

/** Bytes of a group of `k` columns. */
// @ts-ignore: decorator
@inline
export function floatGroupBytes(type: i32, k: i32): usize {
  return <usize>k * columnBytes(type) + (type == F16 ? 16 : 0)
}

/** The factors of rows 4 * strand .. + 3 of an F16 group whose columns end at `end`; anything for other types. */
// @ts-ignore: decorator
@inline
export function rowFactors(type: i32, end: usize, strand: usize): v128 {
  return type == F16 ? i32x4.shl(v128.load16x4_s(end + 8 * strand), 16) : i32x4.splat(0)
}

/** Rows 0..3 (`strand` 0) or 4..7 (1) of the column at `column`. */
// @ts-ignore: decorator
@inline
export function weights4(type: i32, column: usize, strand: usize, mask: v128, factors: v128): v128 {
  if (type == F32) return v128.load(column + 16 * strand)
  const bits = v128.load16x4_s(column + 8 * strand)
  return type == BF16 ? i32x4.shl(bits, 16) : halfToFloat(bits, mask, factors)
}
