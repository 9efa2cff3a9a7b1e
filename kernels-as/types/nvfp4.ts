// NVFP4, blocks of 64 elements: floats of four bits, doubled so that they are whole, with a scale for each 16.
//
// 0  u8[4]: scales, exponent 4 bits, mantissa 3
// 4  u8[8] for each of them: low nibbles its first 8 elements, high ones the others
import { dequantizeRows, store8 } from '../inline/dequantize-rows'

// @ts-ignore: decorator
@inline const FILE_BYTES: i32 = 36

export const file_bytes_nvfp4: i32 = FILE_BYTES

@unmanaged
class NVFP4 {
  @inline fileBytes(): usize { return FILE_BYTES }
  @inline fileElements(): usize { return 64 }

  @inline dequantize(out: usize, step: usize, w: usize, codebook: usize): void {
    const doubled = i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)
    for (let part: u32 = 0; part < 4; part++) {
      const scale = f32x4.splat(tinyScale(w, part))
      const bytes = v128.load64_zero(w + 8 * part, 4)
      const low = i8x16.swizzle(doubled, v128.and(bytes, i8x16.splat(15)))
      const high = i8x16.swizzle(doubled, i8x16.shr_u(bytes, 4))
      store8(out, step, i16x8.extend_low_i8x16_s(low), f32x4.splat(0), scale)
      store8(out + (step << 3), step, i16x8.extend_low_i8x16_s(high), f32x4.splat(0), scale)
      out += step << 4
    }
  }
}

// A kernel: engine/model/kernels.ts.
export function dequantize_nvfp4(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  dequantizeRows<NVFP4>(out, w, rows, k, codebook)
}

/** Half the scale of the 16 elements `part`, for codes are doubled; all ones are no number, and count as 0. */
function tinyScale(w: usize, part: u32): f32 {
  const bits: u32 = load<u8>(w + part)
  if (bits == 0x7f) return 0
  const exponent = (bits >> 3) & 15
  const mantissa = bits & 7
  return exponent == 0 ? <f32>mantissa * 0.0009765625 : reinterpret<f32>(((exponent + 119) << 23) | (mantissa << 20))
}
