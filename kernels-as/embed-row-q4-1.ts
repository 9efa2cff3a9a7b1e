import { Q4_1 } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked Q4_1 matrix -> f32[k]. */
export function embed_row_q4_1(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<Q4_1>(out, w, row, k)
}
