import { Q5_0 } from './inline/block-weights'
import { matmulBlocks } from './inline/matmul-blocks'

/** Q5_0 weights x `n` `q8` rows: the 8 outputs of each group, for every row. */
export function matmul_q5_0(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  matmulBlocks<Q5_0>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch)
}
