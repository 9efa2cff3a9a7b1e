import { held } from './half'

/** 1.5 * 2^23 + 127: adding it rounds to an integer, which then stands in the low bits with the bias of an exponent. */
// @ts-ignore: decorator
@inline const ROUNDER: f32 = 12583039
/** What follows 1 in a polynomial of degree 5 for 2^f, |f| <= 1/2: minimax, its relative error is 1e-7. */
// @ts-ignore: decorator
@inline const P1: f32 = 0.6931470036506653
// @ts-ignore: decorator
@inline const P2: f32 = 0.24022242426872253
// @ts-ignore: decorator
@inline const P3: f32 = 0.05550733581185341
// @ts-ignore: decorator
@inline const P4: f32 = 0.009671512991189957
// @ts-ignore: decorator
@inline const P5: f32 = 0.001326472731307149

/**
 * out = 2^(x - shift) and the sum over vectors, for those from `x` to `end`, `step` bytes apart, and no x above its shift:
 * the weights of a softmax, so fewer steps than exp. Within 2 ulp, 1 where x = shift, 0 below 2^-126, NaN for NaN. Constants
 * are held: 16 bytes at `scratch`.
 */
// @ts-ignore: decorator
@inline
export function exp2All(x: usize, end: usize, step: usize, shift: v128, scratch: usize): v128 {
  const lowest = held(f32x4.splat(-127), scratch)
  const rounder = held(f32x4.splat(ROUNDER), scratch)
  const one = held(f32x4.splat(1), scratch)
  const p1 = held(f32x4.splat(P1), scratch)
  const p2 = held(f32x4.splat(P2), scratch)
  const p3 = held(f32x4.splat(P3), scratch)
  const p4 = held(f32x4.splat(P4), scratch)
  const p5 = held(f32x4.splat(P5), scratch)
  let sum = f32x4.splat(0)
  for (; x < end; x += step) {
    const bounded = f32x4.pmax(f32x4.sub(v128.load(x), shift), lowest)
    const shifted = f32x4.add(bounded, rounder)
    const f = f32x4.sub(bounded, f32x4.sub(shifted, rounder))
    let p = f32x4.add(f32x4.mul(p5, f), p4)
    p = f32x4.add(f32x4.mul(p, f), p3)
    p = f32x4.add(f32x4.mul(p, f), p2)
    p = f32x4.add(f32x4.mul(p, f), p1)
    p = f32x4.add(f32x4.mul(p, f), one)
    const e = f32x4.mul(p, i32x4.shl(shifted, 23))
    v128.store(x, e)
    sum = f32x4.add(sum, e)
  }
  return sum
}
