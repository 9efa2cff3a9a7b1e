import { floatToHalf } from './inline/half'
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
    v128.store64_lane(out, floatToHalf(v), 0)
    out += 8
  }
  const rest = n & 3
  if (rest) {
    const v = loadPartial(x, rest, 0)
    bad = v128.or(bad, tooLarge(v))
    const halves = floatToHalf(v)
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
