import { F16 } from './inline/float-weights'
import { matmulFloat } from './inline/matmul-float'

/** f16 weights, widened, x `n` f32 rows: the 8 outputs of each group, for every row. */
export function matmul_f16(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  matmulFloat<F16>(out, w, x, outStride, xStride, groupBegin, groupEnd, k, n, scratch)
}
