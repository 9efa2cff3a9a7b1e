import { Q4_0 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q4_0 elements -> groups (inline/block-weights.ts). */
export function repack_q4_0(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q4_0>(out, input, rows, k)
}
