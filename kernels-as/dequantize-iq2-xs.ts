import { IQ2_XS } from './inline/file-blocks'
import { dequantizeRows } from './inline/dequantize-rows'

/** `rows` rows of `k` IQ2_XS elements in file layout -> f32[k][rows]. `codebook`: its vectors. */
export function dequantize_iq2_xs(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ2_XS>(out, w, rows, k, codebook)
}
