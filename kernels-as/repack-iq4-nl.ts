import { IQ4_NL } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` IQ4_NL elements -> groups (inline/block-weights.ts). */
export function repack_iq4_nl(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<IQ4_NL>(out, input, rows, k)
}
