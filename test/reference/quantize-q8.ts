/** The activation rule of the engine: codes and scale of each 32 values; `values` = code * scale, in float64. */
export function quantizeQ8(x: ArrayLike<number>): { codes: Int8Array; scales: Float32Array; values: Float64Array } {
  const codes = new Int8Array(x.length)
  const scales = new Float32Array(x.length / 32)
  const values = new Float64Array(x.length)
  for (let block = 0; block < scales.length; block++) {
    const elements = Array.from({ length: 32 }, (_, i) => x[block * 32 + i]!)
    const max = Math.max(...elements.map(Math.abs))
    const scale = Math.fround(max / 127)
    const inverse = Math.fround(1 / scale)
    const tiny = scale === 0 || inverse === Number.POSITIVE_INFINITY
    scales[block] = tiny ? 0 : Number.isFinite(max) ? scale : Number.NaN
    for (const [i, element] of elements.entries()) {
      const code = tiny || !Number.isFinite(max) ? 0 : nearestEven(Math.fround(element * inverse))
      codes[block * 32 + i] = code
      values[block * 32 + i] = code * scales[block]!
    }
  }
  return { codes, scales, values }
}

function nearestEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1
  return rest < 0.5 ? below : below + 1
}
