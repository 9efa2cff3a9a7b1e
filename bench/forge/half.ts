// 16-bit floats as bit patterns, rounded to nearest even as ggml does.

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

const HALF_OVERFLOW = 0x47800000
const HALF_NORMAL_MIN = 0x38800000
const INFINITY = 0x7f800000

/** The bits of the f16 nearest to `value` (rounded to f32 first). */
export function halfBits(value: number): number {
  float[0] = value
  const sign = (bits[0]! >>> 16) & 0x8000
  const magnitude = bits[0]! & 0x7fffffff
  if (magnitude >= HALF_OVERFLOW) return sign | (magnitude > INFINITY ? 0x7e00 : 0x7c00)
  if (magnitude < HALF_NORMAL_MIN) return sign | nearestEven(Math.abs(float[0]!) * 2 ** 24)
  // A carry out of the mantissa moves the exponent up, as it should.
  const rebased = magnitude - 0x38000000
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13)
}

/** The value of an f16. */
export function halfValue(half: number): number {
  const exponent = (half >>> 10) & 31
  const mantissa = half & 1023
  const magnitude =
    exponent === 0
      ? mantissa * 2 ** -24
      : exponent === 31
        ? mantissa === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (1024 + mantissa) * 2 ** (exponent - 25)
  return half & 0x8000 ? -magnitude : magnitude
}

/** The bits of the bf16 nearest to `value` (rounded to f32 first). */
export function bfloatBits(value: number): number {
  float[0] = value
  const [word = 0] = bits
  if ((word & 0x7fffffff) > INFINITY) return (word >>> 16) | 64
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
}

/** Round to nearest, ties to even. */
export function nearestEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
