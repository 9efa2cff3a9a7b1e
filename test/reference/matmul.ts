/**
 * W . x in float64 for one row x: `weights` [rows][k]. With `magnitude`, the sum of |terms|, by which an error is
 * judged.
 */
export function matmul(
  weights: ArrayLike<number>,
  x: ArrayLike<number>,
  rows: number,
  k: number,
): { values: Float64Array; magnitudes: Float64Array } {
  const values = new Float64Array(rows)
  const magnitudes = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < k; c++) {
      const term = weights[row * k + c]! * x[c]!
      values[row]! += term
      magnitudes[row]! += Math.abs(term)
    }
  }
  return { values, magnitudes }
}
