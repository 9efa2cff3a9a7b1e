import { IQ4_XS } from './inline/block-weights'
import { matmulBlocks } from './inline/matmul-blocks'

/** IQ4_XS weights x `n` `q8` rows: the 8 outputs of each group, for every row. */
export function matmul_iq4_xs(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  matmulBlocks<IQ4_XS>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch)
}
