import { IQ4_XS } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked IQ4_XS matrix -> f32[k]. */
export function embed_row_iq4_xs(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<IQ4_XS>(out, w, row, k)
}
