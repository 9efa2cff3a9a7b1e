/**
 * Rotates the first `rotaryDim` elements of each of `heads` vectors of `headDim` floats, in place, by the cos/sin
 * pairs of `table` (see rope_table). Pair j is (2j, 2j + 1), or with `neox` (j, j + rotaryDim / 2).
 */
export function rope(x: usize, table: usize, heads: i32, headDim: i32, rotaryDim: i32, neox: i32): void {
  const half = rotaryDim >> 1
  const step: usize = neox ? 4 : 8
  const apart: usize = neox ? <usize>half << 2 : 4
  for (let h = 0; h < heads; h++) {
    let at = x
    let t = table
    for (let j = 0; j < half; j++) {
      const c = load<f32>(t)
      const s = load<f32>(t, 4)
      const a = load<f32>(at)
      const b = load<f32>(at + apart)
      store<f32>(at, a * c - b * s)
      store<f32>(at + apart, a * s + b * c)
      at += step
      t += 8
    }
    x += <usize>headDim << 2
  }
}
