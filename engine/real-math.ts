// exp, log and pow in float64 built from + - * / and exponent bits only. Math.exp and its kin are allowed to differ in
// their last bits from engine to engine, and a sampled token or a rotation angle must not depend on the engine.

/** ln 2 in two parts: the first has 32 significant bits, so that small multiples of it are exact. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const LN2_INVERSE = Math.LOG2E
const SQRT_HALF = Math.SQRT1_2
/** exp of more is infinite, of less is zero. */
const EXP_MAX = 709.782712893384
const EXP_MIN = -745.1332191019412
/** 1/2!, 1/3!, ... 1/14!: the Taylor series of (e^r - 1 - r) / r^2, enough for |r| <= ln(2) / 2. */
const EXP_SERIES = Float64Array.from(
  { length: 13 },
  (_, i) => 1 / Array.from({ length: i + 2 }, (_, j) => j + 1).reduce((product, j) => product * j, 1),
)
/** 2/3, 2/5, ... 2/23: the series of (2 atanh s) / s - 2 in s^2, enough for |s| <= 0.172. */
const LOG_SERIES = Float64Array.from({ length: 11 }, (_, i) => 2 / (2 * i + 3))

const bits = new DataView(new ArrayBuffer(8))

/** 2^k for a normal result, k in -1022..1023. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20)
  bits.setUint32(4, 0)
  return bits.getFloat64(0)
}

/** value * 2^k with one rounding, for any k an exponential can need. */
function scaleByPowerOfTwo(value: number, k: number): number {
  if (k > 1023) return value * powerOfTwo(1023) * powerOfTwo(k - 1023)
  if (k < -1022) return value * powerOfTwo(k + 54) * powerOfTwo(-54)
  return value * powerOfTwo(k)
}

/** e^(x + tail) for |tail| far below |x|'s last bit. */
function expWithTail(x: number, tail: number): number {
  if (Number.isNaN(x)) return x
  if (x > EXP_MAX) return Number.POSITIVE_INFINITY
  if (x < EXP_MIN) return 0
  const k = Math.floor(x * LN2_INVERSE + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW - tail
  const r = high - low
  const lost = high - r - low
  let series = EXP_SERIES[12]!
  for (let i = 11; i >= 0; i--) series = series * r + EXP_SERIES[i]!
  return scaleByPowerOfTwo(1 + (r + (r * r * series + lost)), k)
}

/** e^x; within 1 ulp (1.5 where the result is subnormal). */
export function realExp(x: number): number {
  return expWithTail(x, 0)
}

/** Splits x > 0 into 2^k * (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); k is returned, f left in `fraction`. */
let fraction = 0
function splitExponent(x: number): number {
  let k = 0
  let value = x
  if (value < 2.2250738585072014e-308) {
    value *= 18014398509481984
    k = -54
  }
  bits.setFloat64(0, value)
  const high = bits.getUint32(0)
  k += (high >>> 20) - 1022
  bits.setUint32(0, (high & 0xfffff) | (1022 << 20))
  let mantissa = bits.getFloat64(0)
  if (mantissa < SQRT_HALF) {
    mantissa *= 2
    k--
  }
  fraction = mantissa - 1
  return k
}

/** 2/3 z + 2/5 z^2 + ... */
function logSeries(z: number): number {
  let series = LOG_SERIES[10]!
  for (let i = 9; i >= 0; i--) series = series * z + LOG_SERIES[i]!
  return series * z
}

/** ln x within 1 ulp; -Infinity for zero, NaN below zero. */
export function realLog(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x > 0 ? x : Number.NaN
  const k = splitExponent(x)
  const f = fraction
  // With s = f / (2 + f): ln(1 + f) = 2s + s R(s^2), and 2s = f - (f^2/2 - s f^2/2), which keeps f exact.
  const s = f / (2 + f)
  const halfSquare = 0.5 * f * f
  const correction = s * (halfSquare + logSeries(s * s))
  return k * LN2_HIGH - (halfSquare - (correction + k * LN2_LOW) - f)
}

/** The part of a * b that a float64 product rounds away (Dekker); no overflow for the sizes used here. */
function productError(a: number, b: number, product: number): number {
  const aHigh = upperHalf(a)
  const bHigh = upperHalf(b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

/** The upper 26 bits of a's mantissa. */
function upperHalf(a: number): number {
  const scaled = a * 134217729
  return scaled - (scaled - a)
}

/** x^y within 1 ulp, for finite x > 0 and finite y; NaN otherwise. */
export function realPow(x: number, y: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY || !Number.isFinite(y)) return Number.NaN
  const k = splitExponent(x)
  const f = fraction
  // s = f / (2 + f) as an unevaluated sum s + sLow: a rounded logarithm would be off by |y ln x| ulp in the end.
  const divisor = 2 + f
  const divisorLow = f - (divisor - 2)
  const s = f / divisor
  const product = s * divisor
  const sLow = (f - product - productError(s, divisor, product) - s * divisorLow) / divisor
  const main = k * LN2_HIGH
  const first = main + 2 * s
  // |main| is either zero or larger than |2s|, so this recovers what the sum lost.
  const firstLow = main === 0 ? 0 : main - first + 2 * s
  const rest = firstLow + (2 * sLow + s * logSeries(s * s) + k * LN2_LOW)
  const log = first + rest
  const logLow = first - log + rest
  const exponent = y * log
  if (!(exponent <= EXP_MAX + 1 && exponent >= EXP_MIN - 1)) return expWithTail(exponent, 0)
  return expWithTail(exponent, productError(y, log, exponent) + y * logLow)
}
