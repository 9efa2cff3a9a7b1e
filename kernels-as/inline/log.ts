// @ts-ignore: decorator
@inline const LN2: f64 = 0.6931471805599453
// @ts-ignore: decorator
@inline const SQRT2: f64 = 1.4142135623730951

/**
 * The natural logarithm in f64, within about 2 ulp, for positive normal x; -infinity for 0, NaN below, x itself for
 * infinity and NaN. x = m 2^e with sqrt(1/2) < m <= sqrt(2); ln m = 2 atanh((m - 1) / (m + 1)) as a series in odd
 * powers of s = (m - 1) / (m + 1), |s| < 0.1716, cut where a term is below 2^-60.
 */
export function ln(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN
  if (x == Infinity) return x
  const bits = reinterpret<i64>(x)
  let e = <i32>(bits >> 52) - 1023
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  if (m > SQRT2) {
    m *= 0.5
    e += 1
  }
  const s = (m - 1) / (m + 1)
  const t = s * s
  let p: f64 = 1.0 / 23.0
  p = p * t + 1.0 / 21.0
  p = p * t + 1.0 / 19.0
  p = p * t + 1.0 / 17.0
  p = p * t + 1.0 / 15.0
  p = p * t + 1.0 / 13.0
  p = p * t + 1.0 / 11.0
  p = p * t + 1.0 / 9.0
  p = p * t + 1.0 / 7.0
  p = p * t + 1.0 / 5.0
  p = p * t + 1.0 / 3.0
  return <f64>e * LN2 + (2 * s + 2 * s * t * p)
}
