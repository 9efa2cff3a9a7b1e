/** softmax(cap(q . K * scale)) . V in float64 for one query; `keys` and `values` in position order. */
export function attention(
  q: ArrayLike<number>,
  keys: readonly ArrayLike<number>[],
  values: readonly ArrayLike<number>[],
  scale: number,
  softcap = 0,
): Float64Array {
  const scores = keys.map((key) => {
    const score = Array.from(key).reduce((sum, element, d) => sum + element * q[d]!, 0) * scale
    return softcap === 0 ? score : softcap * Math.tanh(score / softcap)
  })
  const max = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - max))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const out = new Float64Array(q.length)
  for (const [i, value] of values.entries()) {
    for (let d = 0; d < q.length; d++) out[d]! += (weights[i]! / total) * value[d]!
  }
  return out
}
