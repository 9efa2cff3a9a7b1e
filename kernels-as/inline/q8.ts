// The `q8` form of activations: 128 bytes per 32 elements.
//   0   i8[32]   codes, -127..127
//  32   f32      scale
//  36   i32      -8 * sum of the codes
//  40   f32      scale * sum of the codes
//  44   i16[2]   sums of the first and the last 16 codes
//  48   i32      sum of |code| over the negative codes
//  52            unused
// relaxed build:  64  u8[32]  |codes|        96  i8[32]  -1 where the code is negative, else 0
// plain build:    64  i16[32] codes, each four in the order 0 2 1 3
// What the second half is for: products.ts.

// @ts-ignore: decorator
@inline export const Q8_BLOCK_BYTES: usize = 128
// @ts-ignore: decorator
@inline export const Q8_SECOND_HALF: usize = 64

/** The block's scale in every lane. */
// @ts-ignore: decorator
@inline
export function scaleOf(x: usize): v128 {
  return v128.load32_splat(x, 32)
}

/** -8 * sum of the codes in every lane. */
// @ts-ignore: decorator
@inline
export function minusEightSums(x: usize): v128 {
  return v128.load32_splat(x, 36)
}

/** scale * sum of the codes in every lane. */
// @ts-ignore: decorator
@inline
export function scaledSum(x: usize): v128 {
  return v128.load32_splat(x, 40)
}

/** The sums of the two halves as an i16 pair in every lane. */
// @ts-ignore: decorator
@inline
export function halfSums(x: usize): v128 {
  return v128.load32_splat(x, 44)
}

/** The sum of |code| over the negative codes in every lane. */
// @ts-ignore: decorator
@inline
export function negativeSum(x: usize): v128 {
  return v128.load32_splat(x, 48)
}
