// Exact integer products of a block of weights with a block of activations. A vector of codes holds, for each of a
// strand's four rows, four consecutive elements (a quad), so that every i32 lane sums its own row. A block is done in
// four steps of two quads each, every step for all rows of a tile: its weights are then unpacked once and used at once.
//
// Relaxed build: i16x8.relaxed_dot_i8x16_i7x16_s multiplies signed activation codes by weight codes of at most 7 bits
// and adds neighbours in i16; as many of those are summed in i16 as cannot overflow: all 8 quads of 4-bit codes, 4 of
// 5-bit, 2 of 6-bit ones. Its cousin i32x4.relaxed_dot_i8x16_i7x16_add_s is not used: the baseline compiler of Node 20
// loses the addend. Plain build: i32x4.dot_i16x8_s over the even and the odd bytes.
import { Q4_0, Q6_K, Q8_0 } from './block-weights'
import { C0, C1, C2, C3, C4, C5, C6, C7, same } from './constants'
import {
  halfSums, minusEightSums, negativeSum, quadCodes, quadEven, quadMagnitudes, quadOdd, quadSigns,
} from './q8'

/**
 * `sum` + step V (C0..C3) of the block for strand S. The sum is i16x8 for 4-bit codes in the relaxed build, else
 * i32x4; it starts at zero. `nibbles`, `top`: 0x0f and 0x30 in every byte.
 */
// @ts-ignore: decorator
@inline
export function step<T, S, V>(sum: v128, w: usize, x: usize, nibbles: v128, top: v128): v128 {
  if (same<T, Q8_0>()) {
    const first = v128.load(w, 64 * offsetof<V>() + 16 * offsetof<S>())
    const second = v128.load(w, 64 * offsetof<V>() + 16 * offsetof<S>() + 32)
    if (same<V, C0>()) return addSigned<C1>(addSigned<C0>(sum, x, first, top), x, second, top)
    if (same<V, C1>()) return addSigned<C3>(addSigned<C2>(sum, x, first, top), x, second, top)
    if (same<V, C2>()) return addSigned<C5>(addSigned<C4>(sum, x, first, top), x, second, top)
    return addSigned<C7>(addSigned<C6>(sum, x, first, top), x, second, top)
  }
  const codes = v128.load(w, 32 * offsetof<V>() + 16 * offsetof<S>())
  const low = v128.and(codes, nibbles)
  const high = v128.and(i16x8.shr_u(codes, 4), nibbles)
  if (same<T, Q6_K>()) return sixBitStep<S, V>(sum, w, x, low, high, top)
  if (same<V, C0>()) return addNibbles<C0, C4>(sum, x, low, high)
  if (same<V, C1>()) return addNibbles<C1, C5>(sum, x, low, high)
  if (same<V, C2>()) return addNibbles<C2, C6>(sum, x, low, high)
  return addNibbles<C3, C7>(sum, x, low, high)
}

/** The sum after the last step as i32x4, with the offsets of the codes taken into account. */
// @ts-ignore: decorator
@inline
export function finish<T, S>(sum: v128, w: usize, x: usize): v128 {
  if (same<T, Q8_0>()) return ASC_FEATURE_RELAXED_SIMD ? i32x4.add(sum, negativeSum(x)) : sum
  if (same<T, Q6_K>()) return i32x4.sub(sum, i32x4.shl(i32x4.dot_i16x8_s(scalePairs<S>(w), halfSums(x)), 5))
  const wide = ASC_FEATURE_RELAXED_SIMD ? i32x4.extadd_pairwise_i16x8_s(sum) : sum
  return same<T, Q4_0>() ? i32x4.add(wide, minusEightSums(x)) : wide
}

/** `sum` + quads P and Q of codes 0..15. */
// @ts-ignore: decorator
@inline
function addNibbles<P, Q>(sum: v128, x: usize, p: v128, q: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return addWide<Q>(addWide<P>(sum, x, p), x, q)
  return i16x8.add(i16x8.add(sum, dot<P>(x, p)), dot<Q>(x, q))
}

/** Quads 2V and 2V + 1 of 6-bit codes, times the integer scale of their half of the block. */
// @ts-ignore: decorator
@inline
function sixBitStep<S, V>(sum: v128, w: usize, x: usize, low: v128, high: v128, top: v128): v128 {
  const bits = v128.load(w, 128 + 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
  const isFirst = same<V, C0>() || same<V, C2>()
  const even = v128.or(low, v128.and(isFirst ? i16x8.shl(bits, 4) : bits, top))
  const odd = v128.or(high, v128.and(isFirst ? i16x8.shl(bits, 2) : i16x8.shr_u(bits, 2), top))
  const pairs = scalePairs<S>(w)
  if (same<V, C0>()) return addScaled<C0, C1>(sum, x, even, odd, firstScales(pairs))
  if (same<V, C1>()) return addScaled<C2, C3>(sum, x, even, odd, firstScales(pairs))
  if (same<V, C2>()) return addScaled<C4, C5>(sum, x, even, odd, lastScales(pairs))
  return addScaled<C6, C7>(sum, x, even, odd, lastScales(pairs))
}

/** Per row of a Q6_K strand the two scales of a block, as i16. */
// @ts-ignore: decorator
@inline
function scalePairs<S>(w: usize): v128 {
  return v128.load8x8_s(w, 192 + 8 * offsetof<S>())
}

/** The first scale of each row in the form addScaled wants: twice as i16, or as i32. */
// @ts-ignore: decorator
@inline
function firstScales(pairs: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.shr_s(i32x4.shl(pairs, 16), 16)
  const high = i32x4.shl(pairs, 16)
  return v128.or(high, i32x4.shr_u(high, 16))
}

// @ts-ignore: decorator
@inline
function lastScales(pairs: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.shr_s(pairs, 16)
  const low = i32x4.shr_u(pairs, 16)
  return v128.or(low, i32x4.shl(low, 16))
}

/** `sum` + (quads P and Q of codes 0..63) * scales, in i32. */
// @ts-ignore: decorator
@inline
function addScaled<P, Q>(sum: v128, x: usize, p: v128, q: v128, scales: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.add(sum, i32x4.mul(addWide<Q>(addWide<P>(i32x4.splat(0), x, p), x, q), scales))
  }
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(dot<P>(x, p), dot<Q>(x, q)), scales))
}

/** Relaxed build: i16x8 sums of neighbouring products of quad Q, codes 0..127. */
// @ts-ignore: decorator
@inline
function dot<Q>(x: usize, codes: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(quadCodes<Q>(x), codes)
}

/** Plain build: `sum` + quad Q of codes 0..255, in i32. */
// @ts-ignore: decorator
@inline
function addWide<Q>(sum: v128, x: usize, codes: v128): v128 {
  const even = i32x4.dot_i16x8_s(i16x8.shr_u(i16x8.shl(codes, 8), 8), quadEven<Q>(x))
  const odd = i32x4.dot_i16x8_s(i16x8.shr_u(codes, 8), quadOdd<Q>(x))
  return i32x4.add(i32x4.add(sum, even), odd)
}

/**
 * `sum` + quad Q of codes -128..127, in i32. The relaxed build multiplies |activation|, which has 7 bits, by the
 * weight, inverted where the activation is negative: a * w = |a| * ~w + |a|; `finish` adds the |a|. So -128 is right
 * as well.
 */
// @ts-ignore: decorator
@inline
function addSigned<Q>(sum: v128, x: usize, codes: v128, ones: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    const even = i32x4.dot_i16x8_s(i16x8.shr_s(i16x8.shl(codes, 8), 8), quadEven<Q>(x))
    const odd = i32x4.dot_i16x8_s(i16x8.shr_s(codes, 8), quadOdd<Q>(x))
    return i32x4.add(i32x4.add(sum, even), odd)
  }
  const products = i16x8.relaxed_dot_i8x16_i7x16_s(v128.xor(codes, quadSigns<Q>(x)), quadMagnitudes<Q>(x))
  return i32x4.add(sum, i32x4.dot_i16x8_s(products, ones))
}
