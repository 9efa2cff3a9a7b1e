import { IQ3_XXS } from './inline/file-blocks'
import { dequantizeRows } from './inline/dequantize-rows'

/** `rows` rows of `k` IQ3_XXS elements in file layout -> f32[k][rows]. `codebook`: its vectors. */
export function dequantize_iq3_xxs(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<IQ3_XXS>(out, w, rows, k, codebook)
}
