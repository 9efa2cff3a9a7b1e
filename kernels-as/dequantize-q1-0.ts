import { Q1_0 } from './inline/file-blocks'
import { dequantizeRows } from './inline/dequantize-rows'

/** `rows` rows of `k` Q1_0 elements in file layout -> f32[k][rows]. `codebook` is not used. */
export function dequantize_q1_0(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<Q1_0>(out, w, rows, k, codebook)
}
