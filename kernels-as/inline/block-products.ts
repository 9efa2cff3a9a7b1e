// Exact integer products of a block of weights with a block of activations. A vector of codes holds, for each of a
// strand's four rows, the four elements of a quad, so that every i32 lane sums its own row.
//
// Relaxed builds: signed codes times codes of at most 7 bits. `relaxed` adds neighbours in i16
// (i16x8.relaxed_dot_i8x16_i7x16_s), and as many of those as cannot overflow: all 8 quads of codes 0..15, 2 of codes
// 0..63. `relaxed-dot` adds four products to an i32 (i32x4.relaxed_dot_i8x16_i7x16_add_s), one instruction with AVX-VNNI.
// Signed weights take |activation| as the 7 bits and are inverted where the activation is negative: a * w = |a| * ~w +
// |a|, which is right for -128 too; `finish` adds the |a|. Plain build: i32x4.dot_i16x8_s over the even and the odd bytes.
import { C0, C1, C2, C3, C4, C5, C6, C7, kind, same } from './constants'
import { halfSums, minusEightSums, negativeSum, quadCodes, quadEven, quadMagnitudes, quadOdd, quadSigns } from './q8'

/**
 * `sum` + step V (C0..C3): two quads, whose codes are `first` and `second`. The sum starts as zeros and is in i16 or
 * i32, as `finish` knows. `x`, `y`: both halves of the block of activations; `pairs`: the block's, see block-scales.ts; `ones`: 1 in every
 * i16.
 */
// @ts-ignore: decorator
@inline
export function step<T, V>(
  sum: v128, x: usize, y: usize, first: v128, second: v128, pairs: v128, ones: v128,
): v128 {
  if (kind<T>().codes().isPaired()) {
    if (same<V, C0>()) return accumulate<T, C0, C1>(sum, x, y, first, second, pairs, ones)
    if (same<V, C1>()) return accumulate<T, C2, C3>(sum, x, y, first, second, pairs, ones)
    if (same<V, C2>()) return accumulate<T, C4, C5>(sum, x, y, first, second, pairs, ones)
    return accumulate<T, C6, C7>(sum, x, y, first, second, pairs, ones)
  }
  if (same<V, C0>()) return accumulate<T, C0, C4>(sum, x, y, first, second, pairs, ones)
  if (same<V, C1>()) return accumulate<T, C1, C5>(sum, x, y, first, second, pairs, ones)
  if (same<V, C2>()) return accumulate<T, C2, C6>(sum, x, y, first, second, pairs, ones)
  return accumulate<T, C3, C7>(sum, x, y, first, second, pairs, ones)
}

/** The sum after the last step as i32x4, with the offsets of the codes taken into account. */
// @ts-ignore: decorator
@inline
export function finish<T>(sum: v128, x: usize, pairs: v128): v128 {
  const wide = isNarrow<T>() ? i32x4.extadd_pairwise_i16x8_s(sum) : sum
  if (!kind<T>().codes().isSigned()) return takeAbove<T>(wide, x, pairs)
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.add(wide, negativeSum(x)) : wide
}

/** Takes from a sum of products what the codes are above the weights, a power of two or nothing. */
// @ts-ignore: decorator
@inline
function takeAbove<T>(sum: v128, x: usize, pairs: v128): v128 {
  if (kind<T>().above() == 0) return sum
  if (kind<T>().hasHalfScales()) {
    return i32x4.sub(sum, i32x4.shl(i32x4.dot_i16x8_s(pairs, halfSums(x)), ctz(kind<T>().above())))
  }
  if (kind<T>().above() == 8) return i32x4.add(sum, minusEightSums(x))
  return i32x4.add(sum, i32x4.shl(minusEightSums(x), ctz(kind<T>().above()) - 3))
}

/** Whether sums are in i16: eight times two products of nibbles, or of MXFP4's values (12 at most) with 127, fit. */
// @ts-ignore: decorator
@inline
function isNarrow<T>(): bool {
  return ASC_FEATURE_RELAXED_SIMD && !DOT_ADD && kind<T>().codes().isNarrow()
}

/** `sum` + quads P and Q of codes. */
// @ts-ignore: decorator
@inline
function accumulate<T, P, Q>(
  sum: v128, x: usize, y: usize, p: v128, q: v128, pairs: v128, ones: v128,
): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return accumulateWide<T, P, Q>(sum, y, p, q, pairs)
  if (kind<T>().hasHalfScales()) {
    const scales = offsetof<P>() < 4 ? firstScales(pairs) : lastScales(pairs)
    return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(dot<T, P>(x, y, p), dot<T, Q>(x, y, q)), scales))
  }
  if (DOT_ADD) return dotAdd<T, Q>(dotAdd<T, P>(sum, x, y, p), x, y, q)
  if (isNarrow<T>()) {
    // The first step starts the sum.
    if (same<P, C0>()) return i16x8.add(dot<T, P>(x, y, p), dot<T, Q>(x, y, q))
    return i16x8.add(i16x8.add(sum, dot<T, P>(x, y, p)), dot<T, Q>(x, y, q))
  }
  if (kind<T>().codes().isSigned()) {
    const first = i32x4.dot_i16x8_s(dot<T, P>(x, y, p), ones)
    return i32x4.add(i32x4.add(sum, first), i32x4.dot_i16x8_s(dot<T, Q>(x, y, q), ones))
  }
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(dot<T, P>(x, y, p), dot<T, Q>(x, y, q)), ones))
}

/** Plain build: `sum` + quads P and Q, in i32. */
// @ts-ignore: decorator
@inline
function accumulateWide<T, P, Q>(sum: v128, y: usize, p: v128, q: v128, pairs: v128): v128 {
  if (kind<T>().hasHalfScales()) {
    const products = addWide<T, Q>(addWide<T, P>(i32x4.splat(0), y, p), y, q)
    return i32x4.add(sum, i32x4.mul(products, offsetof<P>() < 4 ? firstScales(pairs) : lastScales(pairs)))
  }
  return addWide<T, Q>(addWide<T, P>(sum, y, p), y, q)
}

/** The first scale of each row: twice as i16, or in the plain build as i32. */
// @ts-ignore: decorator
@inline
function firstScales(pairs: v128): v128 {
  const high = i32x4.shl(pairs, 16)
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.shr_s(high, 16)
  return v128.or(high, i32x4.shr_u(high, 16))
}

// @ts-ignore: decorator
@inline
function lastScales(pairs: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.shr_s(pairs, 16)
  const low = i32x4.shr_u(pairs, 16)
  return v128.or(low, i32x4.shl(low, 16))
}

/** Relaxed builds: i16x8 sums of neighbouring products of quad Q. */
// @ts-ignore: decorator
@inline
function dot<T, Q>(x: usize, y: usize, codes: v128): v128 {
  if (!kind<T>().codes().isSigned()) return i16x8.relaxed_dot_i8x16_i7x16_s(quadCodes<Q>(x), codes)
  return i16x8.relaxed_dot_i8x16_i7x16_s(v128.xor(codes, quadSigns<Q>(y)), quadMagnitudes<Q>(y))
}

/** `relaxed-dot`: `sum` + the products of quad Q in i32x4. */
// @ts-ignore: decorator
@inline
function dotAdd<T, Q>(sum: v128, x: usize, y: usize, codes: v128): v128 {
  if (!kind<T>().codes().isSigned()) return i32x4.relaxed_dot_i8x16_i7x16_add_s(quadCodes<Q>(x), codes, sum)
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.xor(codes, quadSigns<Q>(y)), quadMagnitudes<Q>(y), sum)
}

/** Plain build: `sum` + quad Q, in i32. */
// @ts-ignore: decorator
@inline
function addWide<T, Q>(sum: v128, y: usize, codes: v128): v128 {
  const evens = i16x8.shl(codes, 8)
  const even = i32x4.dot_i16x8_s(kind<T>().codes().isSigned() ? i16x8.shr_s(evens, 8) : i16x8.shr_u(evens, 8), quadEven<Q>(y))
  const odd = i32x4.dot_i16x8_s(kind<T>().codes().isSigned() ? i16x8.shr_s(codes, 8) : i16x8.shr_u(codes, 8), quadOdd<Q>(y))
  return i32x4.add(i32x4.add(sum, even), odd)
}
