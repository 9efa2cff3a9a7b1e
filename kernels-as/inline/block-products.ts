// Exact integer products of a block of weights with a block of activations. A vector of codes holds, for each of a
// strand's four rows, the four elements of a quad, so that every i32 lane sums its own row.
//
// Relaxed build: i16x8.relaxed_dot_i8x16_i7x16_s multiplies signed codes by codes of at most 7 bits and adds neighbours
// in i16; as many of those are summed in i16 as cannot overflow: all 8 quads of codes 0..15, 2 of codes 0..63. Its
// cousin i32x4.relaxed_dot_i8x16_i7x16_add_s is not used: the baseline compiler of Node 20 loses the addend. Signed
// weights take |activation| as the 7 bits and are inverted where the activation is negative: a * w = |a| * ~w + |a|,
// which is right for -128 too; `finish` adds the |a|. Plain build: i32x4.dot_i16x8_s over the even and the odd bytes.
import { firstCodes, secondCodes } from './block-codes'
import { hasFifthBits, hasHalfScales, hasTable, MXFP4, Q3_K, Q4_0, Q5_0, Q6_K, Q8_0 } from './block-weights'
import { C0, C1, C2, C3, C4, C5, C6, C7, same } from './constants'
import {
  halfSums, minusEightSums, negativeSum, quadCodes, quadEven, quadMagnitudes, quadOdd, quadSigns,
} from './q8'

/** Whether codes are signed bytes (else offsets of 0 or above). */
// @ts-ignore: decorator
@inline
function isSigned<T>(): bool {
  return same<T, Q8_0>() || hasTable<T>()
}

/**
 * The exact integer products of strand S with the block at `x`, the offsets of the codes and the integer scales of 16
 * elements included: i32x4. `pairs`: see scalePairs; `low`, `high`, `table`: see block-codes.ts; `ones`: 1 in every i16.
 */
// @ts-ignore: decorator
@inline
export function blockDot<T, S>(
  w: usize, x: usize, pairs: v128, low: v128, high: v128, table: v128, ones: v128,
): v128 {
  let sum = i32x4.splat(0)
  sum = step<T, S, C0>(sum, w, x, pairs, low, high, table, ones)
  sum = step<T, S, C1>(sum, w, x, pairs, low, high, table, ones)
  sum = step<T, S, C2>(sum, w, x, pairs, low, high, table, ones)
  sum = step<T, S, C3>(sum, w, x, pairs, low, high, table, ones)
  return finish<T>(sum, x, pairs)
}

/** `sum` + step V (C0..C3): two quads. The sum is in i16 or i32, as `finish` knows. */
// @ts-ignore: decorator
@inline
function step<T, S, V>(
  sum: v128, w: usize, x: usize, pairs: v128, low: v128, high: v128, table: v128, ones: v128,
): v128 {
  const first = firstCodes<T, S, V>(w, low, high, table)
  const second = secondCodes<T, S, V>(w, low, high, table)
  if (same<T, Q8_0>() || hasHalfScales<T>()) {
    if (same<V, C0>()) return accumulate<T, C0, C1>(sum, x, first, second, pairs, ones)
    if (same<V, C1>()) return accumulate<T, C2, C3>(sum, x, first, second, pairs, ones)
    if (same<V, C2>()) return accumulate<T, C4, C5>(sum, x, first, second, pairs, ones)
    return accumulate<T, C6, C7>(sum, x, first, second, pairs, ones)
  }
  if (same<V, C0>()) return accumulate<T, C0, C4>(sum, x, first, second, pairs, ones)
  if (same<V, C1>()) return accumulate<T, C1, C5>(sum, x, first, second, pairs, ones)
  if (same<V, C2>()) return accumulate<T, C2, C6>(sum, x, first, second, pairs, ones)
  return accumulate<T, C3, C7>(sum, x, first, second, pairs, ones)
}

/** The sum after the last step as i32x4, with the offsets of the codes taken into account. */
// @ts-ignore: decorator
@inline
function finish<T>(sum: v128, x: usize, pairs: v128): v128 {
  if (same<T, Q6_K>()) return i32x4.sub(sum, i32x4.shl(i32x4.dot_i16x8_s(pairs, halfSums(x)), 5))
  if (same<T, Q3_K>()) return i32x4.sub(sum, i32x4.shl(i32x4.dot_i16x8_s(pairs, halfSums(x)), 2))
  if (hasHalfScales<T>()) return sum
  if (same<T, Q5_0>()) return i32x4.add(sum, i32x4.shl(minusEightSums(x), 1))
  if (hasFifthBits<T>()) return sum
  if (!ASC_FEATURE_RELAXED_SIMD) return same<T, Q4_0>() ? i32x4.add(sum, minusEightSums(x)) : sum
  if (same<T, MXFP4>()) return i32x4.add(i32x4.extadd_pairwise_i16x8_s(sum), negativeSum(x))
  if (isSigned<T>()) return i32x4.add(sum, negativeSum(x))
  const wide = i32x4.extadd_pairwise_i16x8_s(sum)
  return same<T, Q4_0>() ? i32x4.add(wide, minusEightSums(x)) : wide
}

/** `sum` + quads P and Q of codes. */
// @ts-ignore: decorator
@inline
function accumulate<T, P, Q>(sum: v128, x: usize, p: v128, q: v128, pairs: v128, ones: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return accumulateWide<T, P, Q>(sum, x, p, q, pairs)
  if (hasHalfScales<T>()) {
    const scales = offsetof<P>() < 4 ? firstScales(pairs) : lastScales(pairs)
    return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(dot<P>(x, p), dot<Q>(x, q)), scales))
  }
  if (hasFifthBits<T>()) return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(dot<P>(x, p), dot<Q>(x, q)), ones))
  // Twelve times 127, eight times two of them: MXFP4 fits i16 as the unsigned nibbles do.
  if (same<T, MXFP4>()) return i16x8.add(i16x8.add(sum, dotSigned<P>(x, p)), dotSigned<Q>(x, q))
  if (isSigned<T>()) {
    const first = i32x4.dot_i16x8_s(dotSigned<P>(x, p), ones)
    return i32x4.add(i32x4.add(sum, first), i32x4.dot_i16x8_s(dotSigned<Q>(x, q), ones))
  }
  // The first step starts the sum.
  if (same<P, C0>()) return i16x8.add(dot<P>(x, p), dot<Q>(x, q))
  return i16x8.add(i16x8.add(sum, dot<P>(x, p)), dot<Q>(x, q))
}

/** Plain build: `sum` + quads P and Q, in i32. */
// @ts-ignore: decorator
@inline
function accumulateWide<T, P, Q>(sum: v128, x: usize, p: v128, q: v128, pairs: v128): v128 {
  if (hasHalfScales<T>()) {
    const products = addWide<T, Q>(addWide<T, P>(i32x4.splat(0), x, p), x, q)
    return i32x4.add(sum, i32x4.mul(products, offsetof<P>() < 4 ? firstScales(pairs) : lastScales(pairs)))
  }
  return addWide<T, Q>(addWide<T, P>(sum, x, p), x, q)
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

/** Relaxed build: i16x8 sums of neighbouring products of quad Q, codes 0..127. */
// @ts-ignore: decorator
@inline
function dot<Q>(x: usize, codes: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(quadCodes<Q>(x), codes)
}

/** Relaxed build: the same with |activations| for signed codes, inverted where the activation is negative. */
// @ts-ignore: decorator
@inline
function dotSigned<Q>(x: usize, codes: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(v128.xor(codes, quadSigns<Q>(x)), quadMagnitudes<Q>(x))
}

/** Plain build: `sum` + quad Q, in i32. */
// @ts-ignore: decorator
@inline
function addWide<T, Q>(sum: v128, x: usize, codes: v128): v128 {
  const evens = i16x8.shl(codes, 8)
  const even = i32x4.dot_i16x8_s(isSigned<T>() ? i16x8.shr_s(evens, 8) : i16x8.shr_u(evens, 8), quadEven<Q>(x))
  const odd = i32x4.dot_i16x8_s(isSigned<T>() ? i16x8.shr_s(codes, 8) : i16x8.shr_u(codes, 8), quadOdd<Q>(x))
  return i32x4.add(i32x4.add(sum, even), odd)
}
