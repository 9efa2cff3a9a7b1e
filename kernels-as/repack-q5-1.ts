import { Q5_1 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q5_1 elements -> groups (inline/block-weights.ts). Always 0. */
export function repack_q5_1(out: usize, input: usize, rows: i32, k: i32): i32 {
  return repackBlocks<Q5_1>(out, input, rows, k)
}
