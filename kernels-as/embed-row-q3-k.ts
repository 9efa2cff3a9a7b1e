import { Q3_K } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked Q3_K matrix -> f32[k]. */
export function embed_row_q3_k(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<Q3_K>(out, w, row, k)
}
