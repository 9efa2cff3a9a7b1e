import { loadPartial } from './inline/lanes'

/**
 * Converts `n` floats to half floats (nearest even) into KV cells. Returns 1 if any magnitude is above 65504, the
 * largest half, or NaN; the cells are then not to be read. Else 0.
 */
export function store_f16(out: usize, x: usize, n: i32): i32 {
  const whole = x + (<usize>(n & ~3) << 2)
  let bad = i32x4.splat(0)
  for (; x < whole; x += 16) {
    const v = v128.load(x)
    bad = v128.or(bad, tooLarge(v))
    v128.store64_lane(out, narrow(v), 0)
    out += 8
  }
  const rest = n & 3
  if (rest) {
    const v = loadPartial(x, rest, 0)
    bad = v128.or(bad, tooLarge(v))
    const halves = narrow(v)
    store<u16>(out, i16x8.extract_lane_u(halves, 0))
    if (rest > 1) store<u16>(out, i16x8.extract_lane_u(halves, 1), 2)
    if (rest > 2) store<u16>(out, i16x8.extract_lane_u(halves, 2), 4)
  }
  return <i32>v128.any_true(bad)
}

// @ts-ignore: decorator
@inline
function tooLarge(v: v128): v128 {
  return v128.not(f32x4.le(f32x4.abs(v), f32x4.splat(65504)))
}

/** Four floats as half floats in the low 64 bits. */
// @ts-ignore: decorator
@inline
function narrow(v: v128): v128 {
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
