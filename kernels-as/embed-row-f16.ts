import { embedFloat } from './inline/embed-float'
import { F16 } from './inline/float-weights'

/** Row `row` of a repacked f16 matrix -> f32[k]. */
export function embed_row_f16(out: usize, w: usize, row: i32, k: i32): void {
  embedFloat<F16>(out, w, row, k)
}
