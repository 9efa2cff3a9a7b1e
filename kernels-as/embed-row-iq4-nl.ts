import { IQ4_NL } from './inline/block-weights'
import { embedBlocks } from './inline/embed-blocks'

/** Row `row` of a repacked IQ4_NL matrix -> f32[k]. */
export function embed_row_iq4_nl(out: usize, w: usize, row: i32, k: i32): void {
  embedBlocks<IQ4_NL>(out, w, row, k)
}
