// From the integer products of a block to the f32 sums of a group: sum += product * (weight scale * activation scale), and
// what the minima of the block add or take.
import { hasMinima, minimumPairs } from './block-scales'
import { finish } from './block-products'
import { Q2_K, Q4_1, Q5_1 } from './block-weights'
import { same } from './constants'
import { halfSums, scaledSum, scaleOf } from './q8'

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
  if (!hasMinima<T>() && !same<T, Q2_K>()) return added
  if (same<T, Q4_1>() || same<T, Q5_1>()) return f32x4.add(added, f32x4.mul(minima, scaledSum(x)))
  if (hasMinima<T>()) return f32x4.sub(added, f32x4.mul(minima, scaledSum(x)))
  const taken = f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(minimumPairs<T, S>(w), halfSums(x)))
  return f32x4.sub(added, f32x4.mul(taken, f32x4.mul(minima, scaleOf(x))))
}
