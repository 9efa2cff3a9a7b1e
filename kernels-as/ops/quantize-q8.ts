import { maxLanes, sumWords } from '../inline/lanes'
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

// @ts-ignore: decorator
@inline
function quantizeBlock(out: usize, second: usize, x: usize): void {
  let max = f32x4.abs(v128.load(x))
  // f32x4.max keeps NaN.
  for (let at: usize = 16; at < 128; at += 16) max = f32x4.max(max, f32x4.abs(v128.load(x + at)))
  let largest = maxLanes(max)
  if (v128.any_true(f32x4.ne(max, max))) largest = NaN
  let scale = largest / 127
  let inverse = <f32>1 / scale
  if (!(inverse < Infinity)) {
    inverse = 0
    scale = scale == scale ? 0 : NaN
  } else if (inverse == 0) {
    scale = NaN
  }
  const inverses = f32x4.splat(inverse)
  const first = storeCodes(out, second, x, inverses)
  const last = storeCodes(out + 16, second + (ASC_FEATURE_RELAXED_SIMD ? 16 : 32), x + 64, inverses)
  const sum = first + last
  store<f32>(out, scale, 32)
  store<i32>(out, -8 * sum, 36)
  store<f32>(out, scale * <f32>sum, 40)
  store<i16>(out, <i16>first, 44)
  store<i16>(out, <i16>last, 46)
  const codes = v128.load(out), more = v128.load(out, 16)
  const zero = i32x4.splat(0)
  // -127 negated fits i8; the widened sum of 32 of them fits i16.
  const negative = i16x8.add(
    i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(i8x16.neg(codes), zero)),
    i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(i8x16.neg(more), zero)),
  )
  store<i32>(out, sumWords(i32x4.extadd_pairwise_i16x8_s(negative)), 48)
}

/** 16 codes of a block in every form; returns their sum. */
// @ts-ignore: decorator
@inline
function storeCodes(out: usize, second: usize, x: usize, inverses: v128): i32 {
  const low = i16x8.narrow_i32x4_s(code4(v128.load(x), inverses), code4(v128.load(x, 16), inverses))
  const high = i16x8.narrow_i32x4_s(code4(v128.load(x, 32), inverses), code4(v128.load(x, 48), inverses))
  const codes = i8x16.narrow_i16x8_s(low, high)
  v128.store(out, codes)
  if (ASC_FEATURE_RELAXED_SIMD) {
    v128.store(second, i8x16.abs(codes))
    v128.store(second, i8x16.shr_s(codes, 7), 32)
  } else {
    v128.store(second, v128.shuffle<i16>(low, low, 0, 2, 1, 3, 4, 6, 5, 7))
    v128.store(second, v128.shuffle<i16>(high, high, 0, 2, 1, 3, 4, 6, 5, 7), 16)
  }
  return sumWords(i32x4.extadd_pairwise_i16x8_s(i16x8.add(low, high)))
}

// @ts-ignore: decorator
@inline
function code4(x: v128, inverses: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(x, inverses)))
}
