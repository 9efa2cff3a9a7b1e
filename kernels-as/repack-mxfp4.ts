import { MXFP4 } from './inline/block-weights'
import { repackBlocks } from './inline/repack-blocks'

/** `rows` rows of `k` MXFP4 elements -> groups (inline/block-weights.ts). */
export function repack_mxfp4(out: usize, input: usize, rows: i32, k: i32): void {
  repackBlocks<MXFP4>(out, input, rows, k)
}
