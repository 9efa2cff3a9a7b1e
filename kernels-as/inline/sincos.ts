// Sine and cosine in f64: reduction to |r| <= pi/4 by multiples of pi/2 (whose leading part has 33 bits, so that
// its product with a quotient below 2^20 is exact), then Taylor polynomials whose remainders are below 2^-60.
// Absolute error below 1e-15 up to angles of 1.6e6, growing in proportion beyond.

// @ts-ignore: decorator
@inline const TWO_OVER_PI: f64 = 0.6366197723675814
// @ts-ignore: decorator
@inline const HALF_PI_HIGH: f64 = 1.5707963267341256
// @ts-ignore: decorator
@inline const HALF_PI_LOW: f64 = 6.077100506506192e-11

/** The nearest whole number of quarter turns in `angle`. */
// @ts-ignore: decorator
@inline
export function quarterTurns(angle: f64): f64 {
  return nearest(angle * TWO_OVER_PI)
}

/** What is left of `angle` after `turns` quarter turns: at most pi/4 in magnitude. */
// @ts-ignore: decorator
@inline
export function remainder(angle: f64, turns: f64): f64 {
  return angle - turns * HALF_PI_HIGH - turns * HALF_PI_LOW
}

/** sin r for |r| <= pi/4. */
// @ts-ignore: decorator
@inline
export function sinReduced(r: f64): f64 {
  const t = r * r
  let p: f64 = 1.0 / 355687428096000.0
  p = p * t - 1.0 / 1307674368000.0
  p = p * t + 1.0 / 6227020800.0
  p = p * t - 1.0 / 39916800.0
  p = p * t + 1.0 / 362880.0
  p = p * t - 1.0 / 5040.0
  p = p * t + 1.0 / 120.0
  p = p * t - 1.0 / 6.0
  return r + r * t * p
}

/** cos r for |r| <= pi/4. */
// @ts-ignore: decorator
@inline
export function cosReduced(r: f64): f64 {
  const t = r * r
  let p: f64 = 1.0 / 20922789888000.0
  p = p * t - 1.0 / 87178291200.0
  p = p * t + 1.0 / 479001600.0
  p = p * t - 1.0 / 3628800.0
  p = p * t + 1.0 / 40320.0
  p = p * t - 1.0 / 720.0
  p = p * t + 1.0 / 24.0
  p = p * t - 0.5
  return 1 + t * p
}
