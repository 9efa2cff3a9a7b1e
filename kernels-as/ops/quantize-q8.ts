import { sumWords4 } from '../inline/lanes'
import { Q8_BLOCK_BYTES } from '../inline/q8'

/**
 * `n` floats (a multiple of 32) of a row -> as many blocks of its `q8` form (inline/q8.ts), whose second halves lie
 * `second` bytes behind the first ones. Per 32: scale = max |x| / 127, code = nearest-even(x * (1 / scale)). A block of
 * zeros, or so small that 1 / scale overflows (max |x| below 3.7e-37), gets scale 0 and codes 0; one with an infinity or
 * NaN gets scale NaN, so that every product with it is NaN.
 */
export function quantize_q8(out: usize, x: usize, n: i32, second: usize): void {
  for (const end = x + (<usize>n << 2); x < end; x += 128) {
    quantizeBlock(out, out + second, x)
    out += Q8_BLOCK_BYTES
  }
}

/** 1.5 * 2^23: adding it rounds to an integer, nearest even, which then stands in the low bits. */
// @ts-ignore: decorator
@inline const ROUNDER: f32 = 12582912

// @ts-ignore: decorator
@inline
function quantizeBlock(out: usize, second: usize, x: usize): void {
  // Magnitudes are ordered as their bits are, with NaN above all; a maximum of floats takes many steps on some processors.
  let max = magnitude(x)
  for (let at: usize = 16; at < 128; at += 16) max = i32x4.max_s(max, magnitude(x + at))
  max = i32x4.max_s(max, v128.shuffle<i32>(max, max, 2, 3, 0, 1))
  max = i32x4.max_s(max, v128.shuffle<i32>(max, max, 1, 0, 3, 2))
  let scale = f32x4.extract_lane(max, 0) / 127
  let inverse = <f32>1 / scale
  if (!(inverse < Infinity)) {
    inverse = 0
    scale = scale == scale ? 0 : NaN
  } else if (inverse == 0) {
    scale = NaN
  }
  const inverses = f32x4.splat(inverse)
  const kept = i32x4.splat(scale == scale ? -1 : 0)
  const first = storeCodes(out, second, x, inverses, kept)
  const last = storeCodes(out + 16, second + (ASC_FEATURE_RELAXED_SIMD ? 16 : 32), x + 64, inverses, kept)
  const codes = v128.load(out), more = v128.load(out, 16)
  const zero = i32x4.splat(0)
  // -127 negated fits i8; the widened sum of 32 of them fits i16.
  const negative = i32x4.extadd_pairwise_i16x8_s(i16x8.add(
    i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(i8x16.neg(codes), zero)),
    i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(i8x16.neg(more), zero)),
  ))
  const sums = sumWords4(first, last, negative, negative)
  const sumOfFirst = i32x4.extract_lane(sums, 0)
  const sumOfLast = i32x4.extract_lane(sums, 1)
  const sum = sumOfFirst + sumOfLast
  store<f32>(out, scale, 32)
  store<i32>(out, -8 * sum, 36)
  store<f32>(out, scale * <f32>sum, 40)
  store<i16>(out, <i16>sumOfFirst, 44)
  store<i16>(out, <i16>sumOfLast, 46)
  store<i32>(out, i32x4.extract_lane(sums, 2), 48)
}

// @ts-ignore: decorator
@inline
function magnitude(x: usize): v128 {
  return v128.and(v128.load(x), i32x4.splat(0x7fffffff))
}

/** 16 codes of a block in every form, 0 where they are not `kept`; returns sums of four. */
// @ts-ignore: decorator
@inline
function storeCodes(out: usize, second: usize, x: usize, inverses: v128, kept: v128): v128 {
  const low = v128.and(codes8(x, inverses), kept)
  const high = v128.and(codes8(x + 32, inverses), kept)
  const codes = i8x16.narrow_i16x8_s(low, high)
  v128.store(out, codes)
  if (ASC_FEATURE_RELAXED_SIMD) {
    v128.store(second, i8x16.abs(codes))
    v128.store(second, i8x16.shr_s(codes, 7), 32)
  } else {
    v128.store(second, v128.shuffle<i16>(low, low, 0, 2, 1, 3, 4, 6, 5, 7))
    v128.store(second, v128.shuffle<i16>(high, high, 0, 2, 1, 3, 4, 6, 5, 7), 16)
  }
  return i32x4.extadd_pairwise_i16x8_s(i16x8.add(low, high))
}

// @ts-ignore: decorator
@inline
function codes8(x: usize, inverses: v128): v128 {
  return i16x8.narrow_i32x4_s(code4(v128.load(x), inverses), code4(v128.load(x, 16), inverses))
}

// @ts-ignore: decorator
@inline
function code4(x: v128, inverses: v128): v128 {
  const rounded = f32x4.add(f32x4.mul(x, inverses), f32x4.splat(ROUNDER))
  return i32x4.sub(rounded, i32x4.splat(reinterpret<i32>(ROUNDER)))
}
