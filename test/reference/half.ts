/** The value of a half float's bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The bits of the half float nearest to a value, ties to even; infinity from 65520 on. */
export function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  if (Number.isNaN(value)) return 0x7e00
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return sign | 0x7c00
  let low = 0
  let high = 0x7c00
  // Half floats of one sign are ordered as their bits.
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (halfToFloat(middle) <= magnitude) low = middle
    else high = middle
  }
  const above = high === 0x7c00 ? 65536 : halfToFloat(high)
  const toLow = magnitude - halfToFloat(low)
  const toHigh = above - magnitude
  return sign | (toLow < toHigh || (toLow === toHigh && low % 2 === 0) ? low : high)
}
