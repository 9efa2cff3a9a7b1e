// Integer products of four weight rows with 32 activations. A vector of weight codes holds, for each of four rows,
// four consecutive elements (quad 0..7 of the block), so that every i32 lane sums its own row. Both builds give the
// exact integers.
//
// Relaxed: i16x8.relaxed_dot_i8x16_i7x16_s multiplies signed activation codes by weight codes of at most 7 bits and
// adds neighbours in i16; as many of those are summed in i16 as cannot overflow (8 for 4-bit codes, 4 for 5, 2 for 6).
// Its cousin i32x4.relaxed_dot_i8x16_i7x16_add_s is not used: the baseline compiler of Node 20 loses the addend.
// Plain: i32x4.dot_i16x8_s over the even and the odd bytes.
import { negativeSum, Q8_SECOND_HALF } from './q8'

/** Products of codes 0..15 with the block at `x`, summed per row: i32x4. */
// @ts-ignore: decorator
@inline
export function dotNibbles(
  x: usize, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128,
): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.add(dot4Wide(x, 0, c0, c1, c2, c3), dot4Wide(x, 4, c4, c5, c6, c7))
  return i32x4.extadd_pairwise_i16x8_s(
    i16x8.add(
      i16x8.add(dot2(x, 0, c0, c1), dot2(x, 2, c2, c3)),
      i16x8.add(dot2(x, 4, c4, c5), dot2(x, 6, c6, c7)),
    ),
  )
}

/**
 * Products of codes 0..63 with the block at `x`: those of the first 16 elements times the first of each row's two
 * scales, those of the last 16 times the second, summed per row: i32x4. `scales`: i16 pairs.
 */
// @ts-ignore: decorator
@inline
export function dotScaled(
  x: usize, scales: v128, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128,
): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.add(
      i32x4.mul(dot4Wide(x, 0, c0, c1, c2, c3), i32x4.shr_s(i32x4.shl(scales, 16), 16)),
      i32x4.mul(dot4Wide(x, 4, c4, c5, c6, c7), i32x4.shr_s(scales, 16)),
    )
  }
  const first = v128.shuffle<i16>(scales, scales, 0, 0, 2, 2, 4, 4, 6, 6)
  const last = v128.shuffle<i16>(scales, scales, 1, 1, 3, 3, 5, 5, 7, 7)
  return i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(dot2(x, 0, c0, c1), first), i32x4.dot_i16x8_s(dot2(x, 2, c2, c3), first)),
    i32x4.add(i32x4.dot_i16x8_s(dot2(x, 4, c4, c5), last), i32x4.dot_i16x8_s(dot2(x, 6, c6, c7), last)),
  )
}

/**
 * Products of signed 8-bit codes with the block at `x`, summed per row: i32x4. The relaxed build multiplies
 * |activation|, which has 7 bits, by the weight, inverted where the activation is negative: a * w = |a| * ~w + |a|.
 * So -128 is right as well.
 */
// @ts-ignore: decorator
@inline
export function dotSigned(
  x: usize, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128,
): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.add(dot4WideSigned(x, 0, c0, c1, c2, c3), dot4WideSigned(x, 4, c4, c5, c6, c7))
  }
  const first = i32x4.add(dot2Signed(x, 0, c0, c1), dot2Signed(x, 2, c2, c3))
  const last = i32x4.add(dot2Signed(x, 4, c4, c5), dot2Signed(x, 6, c6, c7))
  return i32x4.add(i32x4.add(first, last), negativeSum(x))
}

/** i16x8 sums of the products of two neighbouring quads of codes of at most 6 bits. */
// @ts-ignore: decorator
@inline
function dot2(x: usize, quad: usize, c0: v128, c1: v128): v128 {
  const at = x + 4 * quad
  return i16x8.add(
    i16x8.relaxed_dot_i8x16_i7x16_s(v128.load32_splat(at), c0),
    i16x8.relaxed_dot_i8x16_i7x16_s(v128.load32_splat(at, 4), c1),
  )
}

/** i32x4 sums of |activation| times the codes of two neighbouring quads, inverted where the activation is negative. */
// @ts-ignore: decorator
@inline
function dot2Signed(x: usize, quad: usize, c0: v128, c1: v128): v128 {
  const at = x + 4 * quad
  const s0 = v128.xor(c0, v128.load32_splat(at, Q8_SECOND_HALF + 32))
  const s1 = v128.xor(c1, v128.load32_splat(at, Q8_SECOND_HALF + 36))
  return i32x4.add(
    i32x4.extadd_pairwise_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(s0, v128.load32_splat(at, Q8_SECOND_HALF))),
    i32x4.extadd_pairwise_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(s1, v128.load32_splat(at, Q8_SECOND_HALF + 4))),
  )
}

/** i32x4 sums of four quads of unsigned codes. */
// @ts-ignore: decorator
@inline
function dot4Wide(x: usize, quad: usize, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  return i32x4.add(
    i32x4.add(dotWide(x, quad, c0), dotWide(x, quad + 1, c1)),
    i32x4.add(dotWide(x, quad + 2, c2), dotWide(x, quad + 3, c3)),
  )
}

// @ts-ignore: decorator
@inline
function dotWide(x: usize, quad: usize, codes: v128): v128 {
  const at = x + 8 * quad
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.shr_u(i16x8.shl(codes, 8), 8), v128.load32_splat(at, Q8_SECOND_HALF)),
    i32x4.dot_i16x8_s(i16x8.shr_u(codes, 8), v128.load32_splat(at, Q8_SECOND_HALF + 4)),
  )
}

/** i32x4 sums of four quads of signed codes. */
// @ts-ignore: decorator
@inline
function dot4WideSigned(x: usize, quad: usize, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  return i32x4.add(
    i32x4.add(dotWideSigned(x, quad, c0), dotWideSigned(x, quad + 1, c1)),
    i32x4.add(dotWideSigned(x, quad + 2, c2), dotWideSigned(x, quad + 3, c3)),
  )
}

// @ts-ignore: decorator
@inline
function dotWideSigned(x: usize, quad: usize, codes: v128): v128 {
  const at = x + 8 * quad
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.shr_s(i16x8.shl(codes, 8), 8), v128.load32_splat(at, Q8_SECOND_HALF)),
    i32x4.dot_i16x8_s(i16x8.shr_s(codes, 8), v128.load32_splat(at, Q8_SECOND_HALF + 4)),
  )
}
