// Float weight matrices: groups of 8 rows, column by column; column c of a group holds the weights of rows 0..7, F32 and
// BF16 as in the file. F16 groups begin with a head and hold scaled weights: row-factors.ts.
import { C0, C1, C2, same } from './constants'
import { halfToFloat } from './half'
import { headBytes } from './row-factors'

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

/** Bytes before the columns of a group of `k`. */
// @ts-ignore: decorator
@inline
export function columnsAt<T>(k: i32): usize {
  return same<T, F16>() ? headBytes(k) : 0
}

/** Bytes of a group of `k` columns. */
// @ts-ignore: decorator
@inline
export function floatGroupBytes<T>(k: i32): usize {
  return columnsAt<T>(k) + <usize>k * columnBytes<T>()
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
