// The one hyperbolic tangent: x + x^3 P(x^2) below 5/8, with the coefficients of Cephes' tanhf, else from e^2x. Within
// 2 ulp, odd, NaN stays NaN.
import { exp } from './exp'

// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x)
  const z = f32x4.mul(x, x)
  let p = f32x4.add(f32x4.mul(f32x4.splat(-5.70498872745e-3), z), f32x4.splat(2.06390887954e-2))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.37397155531e-2))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33314422036e-1))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33332819422e-1))
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, z), x), x)
  const one = f32x4.splat(1)
  const grown = exp(f32x4.add(magnitude, magnitude))
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(grown, one)))
  const sign = v128.and(x, f32x4.splat(-0))
  return v128.or(v128.bitselect(far, near, f32x4.gt(magnitude, f32x4.splat(0.625))), sign)
}
