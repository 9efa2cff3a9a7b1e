import { paddedElements } from '../inline/cells'
import { floatToHalf } from '../inline/half'
import { loadPadded } from '../inline/lanes'

/**
 * Converts `n` floats to half floats (nearest even) into a KV cell (inline/cells.ts). Returns 1 if any magnitude is above
 * 65504, the largest half, or NaN; the cell is then not to be read. Else 0.
 */
export function store_f16(out: usize, x: usize, n: i32): i32 {
  const padded = <i32>paddedElements(n)
  let bad = i32x4.splat(0)
  for (let d = 0; d < padded; d += 4) {
    const v = loadPadded(x + (<usize>d << 2), n - d)
    bad = v128.or(bad, v128.not(f32x4.le(f32x4.abs(v), f32x4.splat(65504))))
    v128.store64_lane(out + (<usize>d << 1), floatToHalf(v), 0)
  }
  return <i32>v128.any_true(bad)
}
