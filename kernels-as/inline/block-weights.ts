// Quantized weight matrices: groups of 8 rows, in each group block after block of 32 elements. A vector of codes
// holds, for each row of a strand (rows 0..3 or 4..7), four consecutive elements (a quad); the vectors of the two
// strands alternate, so that word j of row r lies at 32 * j + 4 * r. Per block of 8 rows x 32 elements:
//
// Q8_0    0  codes: vector v is quad v                                           256  scales, half[8]
// Q4_0    0  codes: vector v is quad v in the low, quad v + 4 in the high nibble  128  scales, half[8]
// Q4_K    0  codes as in Q4_0           128  scales, u8[8]      136  minima, u8[8]
//         after 8 blocks                  0  d, half[8]          16  dmin, half[8]
// Q6_K    0  low 4 bits as in Q4_0      128  high 2 bits: vector h is quads 4h .. 4h + 3 from the lowest bits up
//       192  scales, i8[8][2], of 16 elements each
//         after 8 blocks                  0  d, half[8]
//
// Types and strands (0 or 1) are always passed as constants, so that only one branch remains.
import { halfToFloat, halfToFloatExact } from './half'
import { dotNibbles, dotScaled, dotSigned } from './products'
import { halfSums, minusEightSums } from './q8'

// @ts-ignore: decorator
@inline export const Q8_0: i32 = 0
// @ts-ignore: decorator
@inline export const Q4_0: i32 = 1
// @ts-ignore: decorator
@inline export const Q4_K: i32 = 2
// @ts-ignore: decorator
@inline export const Q6_K: i32 = 3

/** Blocks of 32 elements in a block of the file. */
// @ts-ignore: decorator
@inline
export function blocksPerSuper(type: i32): i32 {
  return type == Q4_K || type == Q6_K ? 8 : 1
}

/** Bytes of one block of 8 rows x 32 elements. */
// @ts-ignore: decorator
@inline
export function blockBytes(type: i32): usize {
  return type == Q8_0 ? 272 : type == Q6_K ? 208 : 144
}

/** Bytes of all blocks of a super-block, after which its own scales stand. */
// @ts-ignore: decorator
@inline
export function superTail(type: i32): usize {
  return <usize>blocksPerSuper(type) * blockBytes(type)
}

/** Bytes of a super-block. */
// @ts-ignore: decorator
@inline
export function superBytes(type: i32): usize {
  return superTail(type) + (type == Q4_K ? 32 : type == Q6_K ? 16 : 0)
}

/** Whether a block has minima beside scales. */
// @ts-ignore: decorator
@inline
export function hasMinima(type: i32): bool {
  return type == Q4_K
}

/**
 * The exact integer products of a strand's four rows with the `q8` block at `x`, the offsets and integer scales of the
 * codes included: i32x4. `nibbles`: 0x0f in every byte.
 */
// @ts-ignore: decorator
@inline
export function blockDot(type: i32, w: usize, strand: usize, x: usize, nibbles: v128): v128 {
  const a = w + 16 * strand
  const c0 = v128.load(a)
  const c1 = v128.load(a, 32)
  const c2 = v128.load(a, 64)
  const c3 = v128.load(a, 96)
  if (type == Q8_0) {
    return dotSigned(x, c0, c1, c2, c3, v128.load(a, 128), v128.load(a, 160), v128.load(a, 192), v128.load(a, 224))
  }
  const l0 = v128.and(c0, nibbles)
  const l1 = v128.and(c1, nibbles)
  const l2 = v128.and(c2, nibbles)
  const l3 = v128.and(c3, nibbles)
  const h0 = v128.and(i16x8.shr_u(c0, 4), nibbles)
  const h1 = v128.and(i16x8.shr_u(c1, 4), nibbles)
  const h2 = v128.and(i16x8.shr_u(c2, 4), nibbles)
  const h3 = v128.and(i16x8.shr_u(c3, 4), nibbles)
  if (type == Q6_K) return sixBitDot(w, strand, x, l0, l1, l2, l3, h0, h1, h2, h3)
  const sum = dotNibbles(x, l0, l1, l2, l3, h0, h1, h2, h3)
  return type == Q4_0 ? i32x4.add(sum, minusEightSums(x)) : sum
}

/** The sum of scale * (code - 32) * activation, codes from their low 4 bits and the high 2 in the block. */
// @ts-ignore: decorator
@inline
function sixBitDot(
  w: usize, strand: usize, x: usize, l0: v128, l1: v128, l2: v128, l3: v128, h0: v128, h1: v128, h2: v128, h3: v128,
): v128 {
  const top = i32x4.splat(0x30303030)
  const first = v128.load(w + 16 * strand, 128)
  const last = v128.load(w + 16 * strand, 160)
  const scales = v128.load8x8_s(w + 8 * strand, 192)
  const sum = dotScaled(
    x,
    scales,
    v128.or(l0, v128.and(i16x8.shl(first, 4), top)),
    v128.or(l1, v128.and(i16x8.shl(first, 2), top)),
    v128.or(l2, v128.and(first, top)),
    v128.or(l3, v128.and(i16x8.shr_u(first, 2), top)),
    v128.or(h0, v128.and(i16x8.shl(last, 4), top)),
    v128.or(h1, v128.and(i16x8.shl(last, 2), top)),
    v128.or(h2, v128.and(last, top)),
    v128.or(h3, v128.and(i16x8.shr_u(last, 2), top)),
  )
  return i32x4.sub(sum, i32x4.shl(i32x4.dot_i16x8_s(scales, halfSums(x)), 5))
}

/**
 * The float scales of a strand's rows: of the block at `w`, or for K types of the super-block whose scales stand at
 * `w`. `exact`: right for every half float; else only where isPlainHalf.
 */
// @ts-ignore: decorator
@inline
export function floatScales(type: i32, exact: bool, w: usize, strand: usize, mask: v128, factor: v128): v128 {
  const at = w + 8 * strand
  const halves = type == Q8_0 ? v128.load16x4_s(at, 256) : type == Q4_0 ? v128.load16x4_s(at, 128) : v128.load16x4_s(at)
  return exact ? halfToFloatExact(halves) : halfToFloat(halves, mask, factor)
}

/** The factors of a strand's minima, from the super-block scales at `w`. */
// @ts-ignore: decorator
@inline
export function floatMinima(w: usize, strand: usize): v128 {
  return halfToFloatExact(v128.load16x4_s(w + 8 * strand, 16))
}

/** A strand's share of the 8 integer scales (`at` 128) or minima (136) of a block, as f32x4. */
// @ts-ignore: decorator
@inline
export function integerScales(at: usize, strand: usize): v128 {
  const all = v128.load8x8_u(at)
  return f32x4.convert_i32x4_u(strand ? i32x4.extend_high_i16x8_u(all) : i32x4.extend_low_i16x8_u(all))
}
