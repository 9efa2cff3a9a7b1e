import { Q5_0 } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked Q5_0 matrix -> f32[k]. */
export function embed_row_q5_0(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<Q5_0>(out, w, row, k)
}
