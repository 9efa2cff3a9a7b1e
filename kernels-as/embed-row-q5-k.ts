import { Q5_K } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked Q5_K matrix -> f32[k]. */
export function embed_row_q5_k(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<Q5_K>(out, w, row, k)
}
