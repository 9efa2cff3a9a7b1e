/** Rotates pairs of one head in float64: `angles[j]` radians for pair j; `halves`: pair (j, j + n / 2), else (2j, 2j + 1). */
export function rope(x: ArrayLike<number>, angles: readonly number[], halves: boolean): Float64Array {
  const out = Float64Array.from(x)
  for (const [j, angle] of angles.entries()) {
    const [a, b] = halves ? [j, j + angles.length] : [2 * j, 2 * j + 1]
    out[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle)
    out[b] = x[a]! * Math.sin(angle) + x[b]! * Math.cos(angle)
  }
  return out
}
