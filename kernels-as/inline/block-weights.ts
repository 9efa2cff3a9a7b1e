// Quantized weight matrices: groups of 8 rows, in each group block after block of 32 elements. A vector holds, for each
// row of a strand (rows 0..3 or 4..7), four consecutive bytes; the vectors of the two strands alternate, so that word j
// of row r lies at 32 * j + 4 * r. A quad is four consecutive elements, quad 0..7 of a block. Words of a row:
//
// bytes     word v: quad v
// nibbles   word v: quad v in the low, quad v + 4 in the high nibbles; `paired`: quads 2v and 2v + 1
// twos      word h: quads 4h .. 4h + 3, two bits each from the lowest up
// ones      one word: byte i has bit v of element 4v + i
//
// Groups whose blocks have d (and m) of their own begin with a head, and d and m are scaled: row-factors.ts.
// Per block of 8 rows x 32 elements, and before each 8 blocks of a super-block:
//
// Q8_0    0 bytes            256 d half[8]
// Q4_0    0 nibbles          128 d half[8]
// Q4_1    0 nibbles          128 d half[8]     144 m half[8]
// Q5_0    0 nibbles          128 ones: fifth bits           160 d half[8]
// Q5_1    0 nibbles          128 ones: fifth bits           160 d half[8]     176 m half[8]
// Q4_K    0 nibbles          128 scales u8[8]  136 minima u8[8]               super-block: 0 d half[8]  16 dmin half[8]
// Q5_K    0 nibbles          128 ones: fifth bits           160 scales u8[8]  168 minima u8[8]
//                                                                             super-block: 0 d half[8]  16 dmin half[8]
// Q6_K    0 nibbles, paired  128 twos: high bits            192 scales i8[8][2], of 16 elements each
//                                                                             super-block: 0 d half[8]
// Q2_K    0 twos              64 u8[8][2], of 16 elements each: scale in the low, minimum in the high nibble
//                                                                             super-block: 0 d half[8]  16 dmin half[8]
// Q3_K    0 twos              64 ones: third bits            96 u8[8]: low nibbles of the scales of 16 elements each
//                             super-block: 0 d half[8]  16 u32[8]: bits 4b .. 4b + 3 the high bits of block b's scales
// IQ4_NL  0 nibbles          128 d half[8]
// IQ4_XS  0 nibbles          128 scales i8[8]                                 super-block: 0 d half[8]
// MXFP4   0 nibbles          128 exponents u8[8]
import { C0, C1, C10, C11, C12, C2, C3, C4, C5, C6, C7, C8, C9, same } from './constants'
import { headBytes } from './row-factors'

/** Types (see constants.ts). */
export type Q8_0 = C0
export type Q4_0 = C1
export type Q4_K = C2
export type Q6_K = C3
export type Q4_1 = C4
export type Q5_0 = C5
export type Q5_1 = C6
export type Q5_K = C7
export type Q2_K = C8
export type Q3_K = C9
export type IQ4_NL = C10
export type IQ4_XS = C11
export type MXFP4 = C12

/** Whether 8 blocks make a super-block, a block of the file, with scales of its own. */
// @ts-ignore: decorator
@inline
export function hasSupers<T>(): bool {
  return same<T, Q4_K>() || same<T, Q5_K>() || same<T, Q6_K>() || same<T, Q2_K>() || same<T, Q3_K>() ||
    same<T, IQ4_XS>()
}

/** Whether blocks have half-float scales of their own. */
// @ts-ignore: decorator
@inline
export function hasRowFactors<T>(): bool {
  return !hasSupers<T>() && !same<T, MXFP4>()
}

/** Whether codes have a fifth bit in the block's `ones`. */
// @ts-ignore: decorator
@inline
export function hasFifthBits<T>(): bool {
  return same<T, Q5_0>() || same<T, Q5_1>() || same<T, Q5_K>()
}

/** Whether every 16 elements have an integer scale of their own. */
// @ts-ignore: decorator
@inline
export function hasHalfScales<T>(): bool {
  return same<T, Q6_K>() || same<T, Q2_K>() || same<T, Q3_K>()
}

/** Whether nibbles are indices of a table of values. */
// @ts-ignore: decorator
@inline
export function hasTable<T>(): bool {
  return same<T, IQ4_NL>() || same<T, IQ4_XS>() || same<T, MXFP4>()
}

/** Bytes of one block of 8 rows x 32 elements. */
// @ts-ignore: decorator
@inline
export function blockBytes<T>(): usize {
  if (same<T, Q8_0>()) return 272
  if (same<T, Q5_1>()) return 192
  if (same<T, Q6_K>()) return 208
  if (same<T, Q4_1>()) return 160
  if (same<T, Q5_0>() || same<T, Q5_K>()) return 176
  if (same<T, Q2_K>()) return 80
  if (same<T, Q3_K>()) return 104
  if (same<T, IQ4_XS>() || same<T, MXFP4>()) return 136
  return 144
}

/** Bytes of what stands before the blocks of a super-block. */
// @ts-ignore: decorator
@inline
export function superHeadBytes<T>(): usize {
  if (same<T, Q4_K>() || same<T, Q5_K>() || same<T, Q2_K>()) return 32
  if (same<T, Q3_K>()) return 48
  if (same<T, Q6_K>() || same<T, IQ4_XS>()) return 16
  return 0
}

/** Offset in a block of its scales: halves, integers or exponents. */
// @ts-ignore: decorator
@inline
export function scalesAt<T>(): usize {
  if (same<T, Q8_0>()) return 256
  if (same<T, Q6_K>()) return 192
  if (same<T, Q2_K>()) return 64
  if (same<T, Q3_K>()) return 96
  return hasFifthBits<T>() ? 160 : 128
}

/** Bytes before the blocks of a group. */
// @ts-ignore: decorator
@inline
export function blocksAt<T>(k: i32): usize {
  return hasRowFactors<T>() ? headBytes(k) : 0
}

/** Bytes of a group of 8 rows of `k` elements. */
// @ts-ignore: decorator
@inline
export function groupBytes<T>(k: i32): usize {
  return blocksAt<T>(k) + <usize>(k >> 5) * blockBytes<T>() + <usize>(k >> 8) * superHeadBytes<T>()
}
