// Integer products of four weight rows with 32 activations. A vector of weight codes holds, for each of four rows,
// four consecutive elements (`quad` 0..7 of the block), so that every i32 lane sums its own row. Both builds give the
// exact integers.
//
// Relaxed: i16x8.relaxed_dot_i8x16_i7x16_s multiplies signed activation codes by weight codes of at most 7 bits and
// adds neighbours in i16; as many of those are summed in i16 as cannot overflow (8 for 4-bit codes, 4 for 5, 2 for 6).
// Plain: i32x4.dot_i16x8_s over the even and the odd bytes.
import { Q8_SECOND_HALF } from './q8'

/** Products of codes 0..15 (`bits` 4), 0..31 (5) or 0..63 (6) with the block at `x`, summed per row: i32x4. */
// @ts-ignore: decorator
@inline
export function dot32(
  bits: i32, x: usize, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128,
): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.add(plain4(x, 0, c0, c1, c2, c3), plain4(x, 4, c4, c5, c6, c7))
  if (bits <= 4) return i32x4.extadd_pairwise_i16x8_s(i16x8.add(narrow4(x, 0, c0, c1, c2, c3), narrow4(x, 4, c4, c5, c6, c7)))
  if (bits == 5) {
    return i32x4.add(
      i32x4.extadd_pairwise_i16x8_s(narrow4(x, 0, c0, c1, c2, c3)),
      i32x4.extadd_pairwise_i16x8_s(narrow4(x, 4, c4, c5, c6, c7)),
    )
  }
  return i32x4.add(
    i32x4.add(
      i32x4.extadd_pairwise_i16x8_s(narrow2(x, 0, c0, c1)),
      i32x4.extadd_pairwise_i16x8_s(narrow2(x, 2, c2, c3)),
    ),
    i32x4.add(
      i32x4.extadd_pairwise_i16x8_s(narrow2(x, 4, c4, c5)),
      i32x4.extadd_pairwise_i16x8_s(narrow2(x, 6, c6, c7)),
    ),
  )
}

/**
 * Products of signed 8-bit codes with the block at `x`, summed per row: i32x4. The relaxed build multiplies
 * |activation| by the weight with the activation's sign, which a weight of -128 cannot take: there it is wrong.
 */
// @ts-ignore: decorator
@inline
export function dot32Signed(
  x: usize, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128,
): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.add(plainSigned4(x, 0, c0, c1, c2, c3), plainSigned4(x, 4, c4, c5, c6, c7))
  return i32x4.add(signed4(x, 0, c0, c1, c2, c3), signed4(x, 4, c4, c5, c6, c7))
}

/** i16x8 sums of four products of codes of at most 5 bits. */
// @ts-ignore: decorator
@inline
function narrow4(x: usize, quad: usize, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  return i16x8.add(narrow2(x, quad, c0, c1), narrow2(x, quad + 2, c2, c3))
}

/** i16x8 sums of two products of codes of at most 6 bits. */
// @ts-ignore: decorator
@inline
export function narrow2(x: usize, quad: usize, c0: v128, c1: v128): v128 {
  return i16x8.add(
    i16x8.relaxed_dot_i8x16_i7x16_s(v128.load32_splat(x + 4 * quad), c0),
    i16x8.relaxed_dot_i8x16_i7x16_s(v128.load32_splat(x + 4 * quad + 4), c1),
  )
}

// @ts-ignore: decorator
@inline
function signed4(x: usize, quad: usize, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  return i32x4.add(
    i32x4.add(signed1(x + 4 * quad, c0), signed1(x + 4 * quad + 4, c1)),
    i32x4.add(signed1(x + 4 * quad + 8, c2), signed1(x + 4 * quad + 12, c3)),
  )
}

// @ts-ignore: decorator
@inline
function signed1(x: usize, codes: v128): v128 {
  const sign = v128.load32_splat(x, Q8_SECOND_HALF + 32)
  const signed = i8x16.sub(v128.xor(codes, sign), sign)
  return i32x4.extadd_pairwise_i16x8_s(
    i16x8.relaxed_dot_i8x16_i7x16_s(signed, v128.load32_splat(x, Q8_SECOND_HALF)),
  )
}

/** i32x4 sums of four products of unsigned codes. */
// @ts-ignore: decorator
@inline
export function plain4(x: usize, quad: usize, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  return i32x4.add(
    i32x4.add(plain1(x + 8 * quad, c0), plain1(x + 8 * quad + 8, c1)),
    i32x4.add(plain1(x + 8 * quad + 16, c2), plain1(x + 8 * quad + 24, c3)),
  )
}

// @ts-ignore: decorator
@inline
function plain1(x: usize, codes: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.shr_u(i16x8.shl(codes, 8), 8), v128.load32_splat(x, Q8_SECOND_HALF)),
    i32x4.dot_i16x8_s(i16x8.shr_u(codes, 8), v128.load32_splat(x, Q8_SECOND_HALF + 4)),
  )
}

// @ts-ignore: decorator
@inline
function plainSigned4(x: usize, quad: usize, c0: v128, c1: v128, c2: v128, c3: v128): v128 {
  return i32x4.add(
    i32x4.add(plainSigned1(x + 8 * quad, c0), plainSigned1(x + 8 * quad + 8, c1)),
    i32x4.add(plainSigned1(x + 8 * quad + 16, c2), plainSigned1(x + 8 * quad + 24, c3)),
  )
}

// @ts-ignore: decorator
@inline
function plainSigned1(x: usize, codes: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.shr_s(i16x8.shl(codes, 8), 8), v128.load32_splat(x, Q8_SECOND_HALF)),
    i32x4.dot_i16x8_s(i16x8.shr_s(codes, 8), v128.load32_splat(x, Q8_SECOND_HALF + 4)),
  )
}
