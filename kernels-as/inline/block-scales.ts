// The scales and minima of a block for the four rows of strand S (C0 or C1), as the kernels multiply with them.
import { kind } from './constants'
import { keptBits, keptMinima, keptScales } from './group-state'

/** The float scales of the block at `w` of the group that `state` keeps. */
// @ts-ignore: decorator
@inline
export function blockScales<T, S>(state: usize, w: usize, mask: v128): v128 {
  return kind<T>().scales<S>(w, keptScales<S>(state), mask)
}

/** What the block adds per unit of its activations' sum, or takes. */
// @ts-ignore: decorator
@inline
export function blockMinima<T, S>(state: usize, w: usize, mask: v128): v128 {
  if (kind<T>().hasMinima()) return kind<T>().minima<S>(w, keptMinima<S>(state), mask)
  return i32x4.splat(0)
}

/** Types with a scale for every 16 elements: the two of each row as i16. `b`: the block's number. */
// @ts-ignore: decorator
@inline
export function scalePairs<T, S>(state: usize, w: usize, b: i32): v128 {
  if (kind<T>().hasHalfScales()) return kind<T>().pairs<S>(w, keptBits<S>(state), b)
  return i32x4.splat(0)
}

/** A strand's half of eight i16 as f32x4. */
// @ts-ignore: decorator
@inline
export function integers<S>(all: v128): v128 {
  if (offsetof<S>() == 0) return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(all))
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(all))
}

/** Four unsigned bytes as i32x4. */
// @ts-ignore: decorator
@inline
export function bytes4(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)))
}
