// Float weight matrices: groups of 8 rows, column by column; column c of a group holds the weights of rows 0..7, behind a head
// (row-factors.ts) where they are scaled.
//
// A type is a class (see `kind`) with these methods: columnBytes, hasFactors of rows, weights of a strand S of the column at an
// address, as f32x4, and the value that the file has for the weight at an address.
import { kind } from './constants'
import { headBytes } from './row-factors'

/** Bytes before the columns of a group of `k`. */
// @ts-ignore: decorator
@inline
export function columnsAt<T>(k: i32): usize {
  return kind<T>().hasFactors() ? headBytes(k) : 0
}

/** Bytes of a group of `k` columns. */
// @ts-ignore: decorator
@inline
export function floatGroupBytes<T>(k: i32): usize {
  return columnsAt<T>(k) + <usize>k * kind<T>().columnBytes()
}
