// Half floats of a row (its weights, or the scales of its blocks) are stored multiplied by the power of two that gives
// the largest of them the largest exponent. None is subnormal then unless the row spans more than 2^30, and a product
// with a subnormal operand takes a hundred cycles on some processors. A group begins with its head: a byte per row, the
// exponent of the f32 factor that undoes this and at the same time turns the shifted bits of a half float into an f32.
// A row with an infinity or NaN is stored as it is with byte 255, a factor of NaN: all its products are NaN.
import { C0, same } from './constants'
import { halfToFloatScalar } from './half'

/** Bytes of a group's head: one for each row, and eight unused where that costs little and keeps vectors aligned. */
// @ts-ignore: decorator
@inline
export function headBytes(k: i32): usize {
  return k < SHORT_ROW ? 8 : HEAD_BYTES
}

// @ts-ignore: decorator
@inline export const HEAD_BYTES: usize = 16
/** Rows of fewer elements have none unused. */
// @ts-ignore: decorator
@inline export const SHORT_ROW: i32 = 128

/** The factors of the rows of strand S. */
// @ts-ignore: decorator
@inline
export function rowFactors<S>(head: usize): v128 {
  const all = v128.load8x8_u(head)
  const exponents = same<S, C0>() ? i32x4.extend_low_i16x8_u(all) : i32x4.extend_high_i16x8_u(all)
  const factors = i32x4.shl(exponents, 23)
  // 255 is infinity so far: infinity * 0 is NaN, all others are left as they are.
  return f32x4.add(factors, f32x4.mul(factors, f32x4.splat(0)))
}

/** The factor of row `r`. */
// @ts-ignore: decorator
@inline
export function rowFactor(head: usize, r: usize): f32 {
  const exponent = <u32>load<u8>(head + r)
  return exponent == 255 ? NaN : reinterpret<f32>(exponent << 23)
}

/** A stored half float's value in the file. */
// @ts-ignore: decorator
@inline
export function fileValue(half: u16, factor: f32): f32 {
  if (factor != factor) return halfToFloatScalar(half)
  return reinterpret<f32>(((<u32>(<i32>(<i16>half))) << 13) & 0x8fffe000) * factor
}

/** The larger of an exponent (in place, 0x0400 .. 0x7c00) and that of a half float. */
// @ts-ignore: decorator
@inline
export function largerExponent(exponent: u32, half: u16): u32 {
  return max(exponent, half & 0x7c00)
}

/** Writes the head's byte of row `r` and returns what its halves are to be multiplied with, 0 = stored as they are. */
// @ts-ignore: decorator
@inline
export function startRow(head: usize, r: usize, largestExponent: u32): f32 {
  const exponent = largestExponent >> 10
  store<u8>(head + r, exponent == 31 ? 255 : 209 + exponent)
  return exponent == 31 ? 0 : reinterpret<f32>((157 - exponent) << 23)
}
