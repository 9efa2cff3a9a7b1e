import { Q5_0 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q5_0 elements -> groups (inline/block-weights.ts). */
export function repack_q5_0(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q5_0>(out, input, rows, k)
}
