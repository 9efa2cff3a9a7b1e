import { IQ1_S } from './inline/file-blocks'
import { dequantizeRows } from './inline/dequantize-rows'

/** `rows` rows of `k` IQ1_S elements in file layout -> f32[k][rows]. `codebook`: its vectors. */
export function dequantize_iq1_s(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ1_S>(out, w, rows, k, codebook)
}
