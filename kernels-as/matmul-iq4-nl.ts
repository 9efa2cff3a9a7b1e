import { IQ4_NL } from './inline/block-weights'
import { matmulBlocks } from './inline/matmul-blocks'

/** IQ4_NL weights x `n` `q8` rows: the 8 outputs of each group, for every row. */
export function matmul_iq4_nl(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  matmulBlocks<IQ4_NL>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch)
}
