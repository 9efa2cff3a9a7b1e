import { Q8_0 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q8_0 elements -> groups (inline/block-weights.ts). Returns 1 if any scale needs matmul_q8_0_exact, else 0. */
export function repack_q8_0(out: usize, input: usize, rows: i32, k: i32): i32 {
  return repackBlocks<Q8_0>(out, input, rows, k)
}
