import { Q8_0 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q8_0 elements -> groups (inline/block-weights.ts). */
export function repack_q8_0(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q8_0>(out, input, rows, k)
}
