import { embedFloat } from './inline/embed-float'
import { F32 } from './inline/float-weights'

/** Row `row` of a repacked f32 matrix -> f32[k]. */
export function embed_row_f32(out: usize, w: usize, row: i32, k: i32): void {
  embedFloat<F32>(out, w, row, k)
}
