import { Q5_K } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q5_K elements -> groups (inline/block-weights.ts). */
export function repack_q5_k(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<Q5_K>(out, input, rows, k)
}
