import { IQ1_M } from './inline/file-blocks'
import { dequantizeRows } from './inline/dequantize-rows'

/** `rows` rows of `k` IQ1_M elements in file layout -> f32[k][rows]. `codebook`: its vectors. */
export function dequantize_iq1_m(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ1_M>(out, w, rows, k, codebook)
}
