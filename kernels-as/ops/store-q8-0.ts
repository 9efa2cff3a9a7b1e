import { paddedElements } from '../inline/cells'
import { loadPadded, maxLanes } from '../inline/lanes'

/**
 * Rounds `n` floats to 8-bit codes into a KV cell (inline/cells.ts). Per 32: scale = max |x| / 127, code =
 * nearest-even(x * (1 / scale)); where either is not finite, zeros. Returns 1 if any of them is infinite or NaN; the cell
 * is then not to be read. Else 0.
 */
export function store_q8_0(out: usize, x: usize, n: i32): i32 {
  const padded = <i32>paddedElements(n)
  let scales = out + <usize>padded
  let bad = false
  for (let first = 0; first < padded; first += 32) {
    const end = min(padded, first + 32)
    let max = f32x4.splat(0)
    // f32x4.max keeps NaN.
    for (let d = first; d < end; d += 4) max = f32x4.max(max, f32x4.abs(loadPadded(x + (<usize>d << 2), n - d)))
    const largest = maxLanes(max)
    const isFinite = largest < Infinity && !v128.any_true(f32x4.ne(max, max))
    bad = bad || !isFinite
    const scale = largest / 127
    const inverse = <f32>1 / scale
    const isZero = !isFinite || !(inverse < Infinity)
    store<f32>(scales, isZero ? 0 : scale)
    scales += 4
    const inverses = f32x4.splat(isZero ? 0 : inverse)
    for (let d = first; d < end; d += 4) {
      const scaled = f32x4.mul(loadPadded(x + (<usize>d << 2), n - d), inverses)
      const words = i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled))
      const halves = i16x8.narrow_i32x4_s(words, words)
      store<i32>(out + <usize>d, i32x4.extract_lane(i8x16.narrow_i16x8_s(halves, halves), 0))
    }
  }
  return <i32>bad
}
