import { Q2_K } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q2_K elements -> groups (inline/block-weights.ts). */
export function repack_q2_k(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q2_K>(out, input, rows, k)
}
