import { Q4_K } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` Q4_K elements -> groups (inline/block-weights.ts). Always 0. */
export function repack_q4_k(out: usize, input: usize, rows: i32, k: i32): i32 {
  return repackBlocks<Q4_K>(out, input, rows, k)
}
