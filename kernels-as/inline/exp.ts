/** Below this exp is 0 in f32, above the other bound infinite. */
// @ts-ignore: decorator
@inline const LOWEST: f32 = -104
// @ts-ignore: decorator
@inline const HIGHEST: f32 = 89
/** 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits. */
// @ts-ignore: decorator
@inline const ROUNDER: f32 = 12582912
/** ln 2 split so that n * LN2_HIGH is exact for |n| < 2^9. */
// @ts-ignore: decorator
@inline const LN2_HIGH: f32 = 0.693359375
// @ts-ignore: decorator
@inline const LN2_LOW: f32 = -2.12194440e-4

/**
 * e^x in every lane, within 1 ulp; 0 and infinity where the result leaves f32's range, NaN for NaN. The only
 * exponential of the engine: x = n ln 2 + r, the Taylor polynomial of degree 7 on |r| <= ln2 / 2 (its remainder is a
 * tenth of an ulp), then 2^n in two factors so that subnormal results round once.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(LOWEST)), f32x4.splat(HIGHEST))
  const shifted = f32x4.add(f32x4.mul(bounded, f32x4.splat(1.44269504)), f32x4.splat(ROUNDER))
  const n = f32x4.sub(shifted, f32x4.splat(ROUNDER))
  const integer = i32x4.sub(shifted, f32x4.splat(ROUNDER))
  const r = f32x4.sub(
    f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(LN2_HIGH))),
    f32x4.mul(n, f32x4.splat(LN2_LOW)),
  )
  let p = f32x4.splat(1.0 / 5040.0)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r)
  p = f32x4.add(p, f32x4.splat(1))
  const half = i32x4.shr_s(integer, 1)
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(integer, half)))
}

/** 2^n in every lane, for -126 <= n <= 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23)
}
