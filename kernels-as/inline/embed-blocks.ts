import {
  blockBytes, blocksAt, groupBytes, hasFifthBits, hasRowFactors, hasSupers, hasTable, IQ4_XS, MXFP4, Q2_K, Q3_K, Q4_0,
  Q4_1, Q4_K, Q5_0, Q5_1, Q5_K, Q6_K, Q8_0, scalesAt, superHeadBytes,
} from './block-weights'
import { same } from './constants'
import { halfToFloatScalar } from './half'
import { fileValue, rowFactor } from './row-factors'

/** Row `row` of a repacked quantized matrix -> f32[k], with the operations and roundings of ggml's dequantization. */
// @ts-ignore: decorator
@inline
export function embedBlocks<T>(out: usize, w: usize, row: i32, k: i32): void {
  const r = <usize>(row & 7)
  const group = w + <usize>(row >> 3) * groupBytes<T>(k)
  const factor: f32 = hasRowFactors<T>() ? rowFactor(group, r) : 0
  let at = group + blocksAt<T>(k)
  let head = at
  for (let b = 0; b < k >> 5; b++) {
    if (hasSupers<T>() && (b & 7) == 0) {
      head = at
      at += superHeadBytes<T>()
    }
    for (let part: usize = 0; part < 2; part++) {
      const scale = scaleOfRow<T>(at, head, r, part, b & 7, factor)
      const minimum = minimumOfRow<T>(at, head, r, part, factor)
      for (let e: usize = 16 * part; e < 16 * part + 16; e++) {
        const value = scale * <f32>codeOf<T>(at, r, e)
        store<f32>(out, same<T, Q4_1>() || same<T, Q5_1>() ? value + minimum : hasMinimum<T>() ? value - minimum : value)
        out += 4
      }
    }
    at += blockBytes<T>()
  }
}

// @ts-ignore: decorator
@inline
function hasMinimum<T>(): bool {
  return same<T, Q4_K>() || same<T, Q5_K>() || same<T, Q2_K>()
}

/** The scale of 16 elements (`part` 0 or 1) of block `b` of the super-block at `head`, for row `r`. */
// @ts-ignore: decorator
@inline
function scaleOfRow<T>(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
  const at = w + scalesAt<T>()
  if (same<T, MXFP4>()) {
    const e = <u32>load<u8>(at + r)
    return reinterpret<f32>(e < 2 ? 0x00200000 << e : (e - 1) << 23)
  }
  if (!hasSupers<T>()) return fileValue(load<u16>(at + 2 * r), factor)
  const d = half(head + 2 * r)
  if (same<T, Q4_K>() || same<T, Q5_K>()) return d * <f32>load<u8>(at + r)
  if (same<T, IQ4_XS>()) return d * <f32>load<i8>(at + r)
  if (same<T, Q6_K>()) return d * <f32>load<i8>(at + 2 * r + part)
  if (same<T, Q2_K>()) return d * <f32>(load<u8>(at + 2 * r + part) & 15)
  const low = (<u32>load<u8>(at + r) >> (4 * <u32>part)) & 15
  const high = (load<u32>(head + 16 + 4 * r) >> (4 * <u32>b + 2 * <u32>part)) & 3
  return d * <f32>(<i32>(low | (high << 4)) - 32)
}

/** What is added to (Q4_1, Q5_1) or taken from the products; 0 for types without. */
// @ts-ignore: decorator
@inline
function minimumOfRow<T>(w: usize, head: usize, r: usize, part: usize, factor: f32): f32 {
  const at = w + scalesAt<T>()
  if (same<T, Q4_1>() || same<T, Q5_1>()) return fileValue(load<u16>(at + 16 + 2 * r), factor)
  if (same<T, Q4_K>() || same<T, Q5_K>()) return half(head + 16 + 2 * r) * <f32>load<u8>(at + 8 + r)
  if (same<T, Q2_K>()) return half(head + 16 + 2 * r) * <f32>(load<u8>(at + 2 * r + part) >> 4)
  return 0
}

/** The code of element `e` of row `r`, its offset taken away. */
// @ts-ignore: decorator
@inline
function codeOf<T>(w: usize, r: usize, e: usize): i32 {
  const quad = e >> 2
  const at = w + 4 * r + (e & 3)
  if (same<T, Q8_0>()) return load<i8>(at + 32 * quad)
  if (same<T, Q2_K>() || same<T, Q3_K>()) {
    const two = twoBits(at, quad)
    return same<T, Q2_K>() ? two : (two | (bit(at + 64, quad) << 2)) - 4
  }
  if (same<T, Q6_K>()) return (nibble(at + 32 * (quad >> 1), quad & 1) | (twoBits(at + 128, quad) << 4)) - 32
  const code = nibble(at + 32 * (quad & 3), quad >> 2)
  if (same<T, Q4_0>()) return code - 8
  if (hasFifthBits<T>()) return (code | (bit(at + 128, quad) << 4)) - (same<T, Q5_0>() ? 16 : 0)
  if (hasTable<T>()) return tableValue<T>(code)
  return code
}

// @ts-ignore: decorator
@inline
function nibble(at: usize, isHigh: usize): i32 {
  return (<i32>load<u8>(at) >> (<i32>isHigh << 2)) & 15
}

/** Two bits of a quad in `twos`. */
// @ts-ignore: decorator
@inline
function twoBits(at: usize, quad: usize): i32 {
  return (<i32>load<u8>(at + 32 * (quad >> 2)) >> (2 * (<i32>quad & 3))) & 3
}

/** One bit of a quad in `ones`. */
// @ts-ignore: decorator
@inline
function bit(at: usize, quad: usize): i32 {
  return (<i32>load<u8>(at) >> <i32>quad) & 1
}

/** Byte `code` of the table of block-codes.ts. */
// @ts-ignore: decorator
@inline
function tableValue<T>(code: i32): i32 {
  const shift = <i64>(code & 7) << 3
  if (same<T, MXFP4>()) return <i8>((code < 8 ? 0x0c08060403020100 : 0xf4f8fafcfdfeff00) >> shift)
  return <i8>((code < 8 ? 0xf6eaddcfbfad9881 : 0x7159453526190d01) >> shift)
}

// @ts-ignore: decorator
@inline
function half(at: usize): f32 {
  return halfToFloatScalar(load<u16>(at))
}
