import { Q4_K } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q4_K elements -> groups (inline/block-weights.ts). */
export function repack_q4_k(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q4_K>(out, input, rows, k)
}
