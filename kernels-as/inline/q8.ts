// The `q8` form of a row of `k` activations (k a multiple of 32). First a block of 64 bytes per 32 elements:
//   0   i8[32]   codes, -127..127
//  32   f32      scale
//  36   i32      -8 * sum of the codes
//  40   f32      scale * sum of the codes
//  44   i16[2]   sums of the first and the last 16 codes
//  48   i32      sum of |code| over the negative codes
//  52            unused
// then, `secondHalf(k)` bytes behind each of these, 64 bytes that only some products read:
// relaxed builds:  0  u8[32]  |codes|       32  i8[32]  -1 where the code is negative, else 0
// plain build:     0  i16[32] codes, each four in the order 0 2 1 3
// What they are for: block-products.ts. They lie apart so that products that do without find the rest dense in caches.

// @ts-ignore: decorator
@inline export const Q8_BLOCK_BYTES: usize = 64

/** From a block to its second half. */
// @ts-ignore: decorator
@inline
export function secondHalf(k: i32): usize {
  return <usize>k << 1
}

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

/** The codes of quad Q (C0..C7) in every lane. */
// @ts-ignore: decorator
@inline
export function quadCodes<Q>(x: usize): v128 {
  return v128.load32_splat(x, 4 * offsetof<Q>())
}

/** Relaxed builds: |codes| of quad Q in every lane. `y`: the second half. */
// @ts-ignore: decorator
@inline
export function quadMagnitudes<Q>(y: usize): v128 {
  return v128.load32_splat(y, 4 * offsetof<Q>())
}

/** Relaxed builds: -1 where the code of quad Q is negative, else 0, in every lane. */
// @ts-ignore: decorator
@inline
export function quadSigns<Q>(y: usize): v128 {
  return v128.load32_splat(y, 32 + 4 * offsetof<Q>())
}

/** Plain build: codes 0 and 2 of quad Q as i16 in every lane. */
// @ts-ignore: decorator
@inline
export function quadEven<Q>(y: usize): v128 {
  return v128.load32_splat(y, 8 * offsetof<Q>())
}

/** Plain build: codes 1 and 3 of quad Q as i16 in every lane. */
// @ts-ignore: decorator
@inline
export function quadOdd<Q>(y: usize): v128 {
  return v128.load32_splat(y, 4 + 8 * offsetof<Q>())
}
