/** x / sqrt(mean(x^2) + eps) * weight in float64. */
export function rmsnorm(x: ArrayLike<number>, weight: ArrayLike<number>, eps: number): Float64Array {
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += x[i]! * x[i]!
  const scale = 1 / Math.sqrt(squares / x.length + eps)
  return Float64Array.from({ length: x.length }, (_, i) => x[i]! * scale * weight[i]!)
}
