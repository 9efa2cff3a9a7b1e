// Quantized weight matrices: groups of 8 rows, in each group block after block of 32 elements. A vector of codes
// holds, for each row of a strand (rows 0..3 or 4..7), four consecutive elements (a quad); the vectors of the two
// strands alternate, so that word j of row r lies at 32 * j + 4 * r. Per block of 8 rows x 32 elements:
//
// Q8_0    0  codes: vector v is quad v                                           256  scales, half[8]
// Q4_0    0  codes: vector v is quad v in the low, quad v + 4 in the high nibble  128  scales, half[8]
// Q4_K    0  codes as in Q4_0           128  scales, u8[8]      136  minima, u8[8]
//         before each 8 blocks            0  d, half[8]          16  dmin, half[8]
// Q6_K    0  low 4 bits: vector v is quad 2v in the low, quad 2v + 1 in the high nibble
//       128  high 2 bits: vector h is quads 4h .. 4h + 3 from the lowest bits up
//       192  scales, i8[8][2], of 16 elements each
//         before each 8 blocks            0  d, half[8]
import { C0, C1, C2, C3, same } from './constants'
import { halfToFloat, halfToFloatExact } from './half'

/** Types (see constants.ts). */
export type Q8_0 = C0
export type Q4_0 = C1
export type Q4_K = C2
export type Q6_K = C3

/** Whether 8 blocks make a super-block, a block of the file, with scales of its own. */
// @ts-ignore: decorator
@inline
export function hasSupers<T>(): bool {
  return same<T, Q4_K>() || same<T, Q6_K>()
}

/** Whether blocks have minima beside scales. */
// @ts-ignore: decorator
@inline
export function hasMinima<T>(): bool {
  return same<T, Q4_K>()
}

/** Bytes of one block of 8 rows x 32 elements. */
// @ts-ignore: decorator
@inline
export function blockBytes<T>(): usize {
  return same<T, Q8_0>() ? 272 : same<T, Q6_K>() ? 208 : 144
}

/** Bytes of what stands before the blocks of a super-block. */
// @ts-ignore: decorator
@inline
export function superHeadBytes<T>(): usize {
  return same<T, Q4_K>() ? 32 : same<T, Q6_K>() ? 16 : 0
}

/** Bytes of a group of 8 rows of `k` elements. */
// @ts-ignore: decorator
@inline
export function groupBytes<T>(k: i32): usize {
  return <usize>(k >> 5) * blockBytes<T>() + <usize>(k >> 8) * superHeadBytes<T>()
}

/**
 * The float scales of the rows of strand S: of the block at `w`, or for K types of the super-block at `w`. E = C1: right for every half float; C0: only where isPlainHalf.
 */
// @ts-ignore: decorator
@inline
export function floatScales<T, E, S>(w: usize, mask: v128, factor: v128): v128 {
  const halves = halves4<T, S>(w)
  if (same<E, C1>()) return halfToFloatExact(halves)
  return halfToFloat(halves, mask, factor)
}

// @ts-ignore: decorator
@inline
function halves4<T, S>(w: usize): v128 {
  if (same<T, Q8_0>()) return v128.load16x4_s(w, 256 + 8 * offsetof<S>())
  if (same<T, Q4_0>()) return v128.load16x4_s(w, 128 + 8 * offsetof<S>())
  return v128.load16x4_s(w, 8 * offsetof<S>())
}

/** The factors of a strand's minima in the super-block at `w`. */
// @ts-ignore: decorator
@inline
export function floatMinima<S>(w: usize): v128 {
  return halfToFloatExact(v128.load16x4_s(w, 16 + 8 * offsetof<S>()))
}

/** A strand's share of the 8 integer scales or minima at `at`, as f32x4. */
// @ts-ignore: decorator
@inline
export function integerScales<S>(at: usize): v128 {
  const all = v128.load8x8_u(at)
  if (same<S, C0>()) return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(all))
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(all))
}
