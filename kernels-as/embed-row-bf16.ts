import { embedFloat } from './inline/embed-float'
import { BF16 } from './inline/float-weights'

/** Row `row` of a repacked bf16 matrix -> f32[k]. */
export function embed_row_bf16(out: usize, w: usize, row: i32, k: i32): void {
  embedFloat<BF16>(out, w, row, k)
}
