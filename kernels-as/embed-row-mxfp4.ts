import { MXFP4 } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked MXFP4 matrix -> f32[k]. */
export function embed_row_mxfp4(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<MXFP4>(out, w, row, k)
}
