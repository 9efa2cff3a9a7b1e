import { paddedElements } from '../inline/cells'
import { loadPadded } from '../inline/lanes'

/**
 * Copies `n` floats into a KV cell (inline/cells.ts). Returns 1 if any of them is infinite or NaN, in whose place it holds
 * 0: the cell is then not to be read. Else 0.
 */
export function store_f32(out: usize, x: usize, n: i32): i32 {
  const padded = <i32>paddedElements(n)
  let bad = i32x4.splat(0)
  for (let d = 0; d < padded; d += 4) {
    const v = loadPadded(x + (<usize>d << 2), n - d)
    const finite = f32x4.lt(f32x4.abs(v), f32x4.splat(Infinity))
    bad = v128.or(bad, v128.not(finite))
    v128.store(out + (<usize>d << 2), v128.and(v, finite))
  }
  return <i32>v128.any_true(bad)
}
