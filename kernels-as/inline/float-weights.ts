// Float weight matrices: groups of 8 rows, column by column; column c of a group holds the weights of rows 0..7.
// F32 and BF16 as in the file. F16 rows are multiplied by a power of two that makes all their weights normal
// (subnormal operands are slow); after the columns a group holds, per row, the factor that undoes this and turns the
// bits of a half float into an f32, as the upper 16 bits of an f32. A row with an infinity or NaN is stored unscaled
// with factor NaN, so that its products are NaN.
import { C0, C1, C2, same } from './constants'
import { halfToFloat } from './half'

/** Storage types (see constants.ts). */
export type F32 = C0
export type F16 = C1
export type BF16 = C2

/** Bytes of one column of a group. */
// @ts-ignore: decorator
@inline
export function columnBytes<T>(): usize {
  return same<T, F32>() ? 32 : 16
}

/** Bytes of a group of `k` columns. */
// @ts-ignore: decorator
@inline
export function floatGroupBytes<T>(k: i32): usize {
  return <usize>k * columnBytes<T>() + (same<T, F16>() ? 16 : 0)
}

/** The factors of the four rows of strand S of an F16 group whose columns end at `end`; anything for other types. */
// @ts-ignore: decorator
@inline
export function rowFactors<T, S>(end: usize): v128 {
  if (same<T, F16>()) return i32x4.shl(v128.load16x4_s(end, 8 * offsetof<S>()), 16)
  return i32x4.splat(0)
}

/** Rows 0..3 (S = C0) or 4..7 (C1) of the column at `column`. */
// @ts-ignore: decorator
@inline
export function weights4<T, S>(column: usize, mask: v128, factors: v128): v128 {
  if (same<T, F32>()) return v128.load(column, 16 * offsetof<S>())
  const bits = v128.load16x4_s(column, 8 * offsetof<S>())
  if (same<T, BF16>()) return i32x4.shl(bits, 16)
  return halfToFloat(bits, mask, factors)
}
