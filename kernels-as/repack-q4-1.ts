import { Q4_1 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q4_1 elements -> groups (inline/block-weights.ts). */
export function repack_q4_1(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q4_1>(out, input, rows, k)
}
