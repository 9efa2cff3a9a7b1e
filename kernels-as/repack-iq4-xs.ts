import { IQ4_XS } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` IQ4_XS elements -> groups (inline/block-weights.ts). */
export function repack_iq4_xs(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<IQ4_XS>(out, input, rows, k)
}
