// Half floats from and to f32.

/**
 * A constant as a value that V8 keeps: it builds constant vectors anew at every use inside a loop, and takes apart
 * whatever it can compute again, but not what comes out of memory. `scratch`: 16 bytes that may be overwritten.
 */
// @ts-ignore: decorator
@inline
export function held(constant: v128, scratch: usize): v128 {
  v128.store(scratch, constant)
  return v128.load(scratch)
}

/** Sign, exponent and fraction of a half float shifted left by 13 after sign extension. */
// @ts-ignore: decorator
@inline export const HALF_MASK: i32 = <i32>0x8fffe000
/** 2^112: an f32 with the exponent bits of a half float, times this, is the half float. */
// @ts-ignore: decorator
@inline export const HALF_FACTOR: i32 = 0x77800000

/**
 * Four sign-extended half floats as f32x4. Subnormals are slow (a product with a subnormal operand takes a hundred
 * cycles on some processors); infinity and NaN come out finite and wrong. `mask` and `factor`: HALF_MASK and HALF_FACTOR
 * in every lane, or factors that include other powers of two.
 */
// @ts-ignore: decorator
@inline
export function halfToFloat(halves: v128, mask: v128, factor: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shl(halves, 13), mask), factor)
}

/** Four sign-extended half floats as f32x4, for every half float and without subnormal operands. */
// @ts-ignore: decorator
@inline
export function halfToFloatExact(halves: v128): v128 {
  const bias = i32x4.splat(112 << 23)
  const shifted = i32x4.shl(halves, 13)
  const magnitude = v128.and(shifted, i32x4.splat(0x0fffe000))
  const special = v128.and(i32x4.gt_s(magnitude, i32x4.splat(0x0f7fffff)), bias)
  const normal = i32x4.add(i32x4.add(magnitude, bias), special)
  // A subnormal's fraction is put above 2^-14, the smallest normal, which is then taken away.
  const small = i32x4.lt_s(magnitude, i32x4.splat(1 << 23))
  const smallest = v128.and(small, f32x4.splat(6.103515625e-5))
  const value = f32x4.sub(i32x4.add(normal, v128.and(small, i32x4.splat(1 << 23))), smallest)
  return v128.or(value, v128.and(shifted, i32x4.splat(1 << 31)))
}

/** One half float as f32. */
// @ts-ignore: decorator
@inline
export function halfToFloatScalar(half: u16): f32 {
  return f32x4.extract_lane(halfToFloatExact(i32x4.splat(<i32>(<i16>half))), 0)
}

/** Four floats of magnitude below 65520 as half floats, nearest even, in the low 64 bits. */
// @ts-ignore: decorator
@inline
export function floatToHalf(v: v128): v128 {
  const magnitude = v128.and(v, i32x4.splat(0x7fffffff))
  // Normal halves: rebias the exponent, add just under half a unit, and one more where the result would be odd.
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1))
  const normal = i32x4.shr_u(i32x4.add(i32x4.sub(magnitude, i32x4.splat(0x38000000 - 0xfff)), odd), 13)
  // Subnormal halves: a unit of 0.5 is 2^-24, the unit of a subnormal half, so the addition rounds.
  const subnormal = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), f32x4.splat(0.5))
  const small = i32x4.lt_s(magnitude, i32x4.splat(0x38800000))
  const halves = v128.or(v128.bitselect(subnormal, normal, small), i32x4.shl(i32x4.shr_u(v, 31), 15))
  return i16x8.narrow_i32x4_u(halves, halves)
}

/** A half float times `power`, a power of two that leaves it one; unchanged where `power` is 0. */
// @ts-ignore: decorator
@inline
export function scaleHalf(half: u16, power: f32): u16 {
  if (power == 0) return half
  return <u16>i16x8.extract_lane_u(floatToHalf(f32x4.splat(halfToFloatScalar(half) * power)), 0)
}
