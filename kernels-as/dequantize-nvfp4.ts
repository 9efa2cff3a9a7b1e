import { NVFP4 } from './inline/file-blocks'
import { dequantizeRows } from './inline/dequantize-rows'

/** `rows` rows of `k` NVFP4 elements in file layout -> f32[k][rows]. `codebook` is not used. */
export function dequantize_nvfp4(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<NVFP4>(out, w, rows, k, codebook)
}
