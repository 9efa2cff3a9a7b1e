import { Q8_0 } from './inline/block-weights'
import { C0, C1 } from './inline/constants'
import { matmulBlocks } from './inline/matmul-blocks'

/** Q8_0 weights x `n` `q8` rows: the 8 outputs of each group, for every row. Every scale is zero or a normal half float. */
export function matmul_q8_0(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
): void {
  matmulBlocks<Q8_0, C0>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n)
}

/** The same for scales of every kind. */
export function matmul_q8_0_exact(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
): void {
  matmulBlocks<Q8_0, C1>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n)
}
