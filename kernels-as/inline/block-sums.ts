// From the integer products of a block to the f32 sums of a group: sum += product * (weight scale * activation scale), and
// what the minima of the block add or take.
import { finish } from './block-products'
import { kind } from './constants'
import { scaleOf } from './q8'

/**
 * `sum` + the block at `w` times the block of activations at `x`, for strand S. `product`: after the last step, see
 * block-products.ts; `pairs`, `scales`, `minima`: block-scales.ts.
 */
// @ts-ignore: decorator
@inline
export function addScaled<T, S>(
  sum: v128, product: v128, w: usize, x: usize, pairs: v128, scales: v128, minima: v128,
): v128 {
  const integers = f32x4.convert_i32x4_s(finish<T>(product, x, pairs))
  const added = f32x4.add(sum, f32x4.mul(integers, f32x4.mul(scales, scaleOf(x))))
  if (kind<T>().hasMinima()) return kind<T>().addMinima<S>(added, minima, w, x)
  return added
}
