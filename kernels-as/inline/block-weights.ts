// Quantized weight matrices: groups of 8 rows, in each group block after block of 32 elements. A vector holds, for each
// row of a strand (rows 0..3 or 4..7), four consecutive bytes; the vectors of the two strands alternate, so that word j
// of row r lies at 32 * j + 4 * r. A quad is four consecutive elements, quad 0..7 of a block. Words of a row:
//
// bytes     word v: quad v
// nibbles   word v: quad v in the low, quad v + 4 in the high nibbles; `paired`: quads 2v and 2v + 1
// twos      word h: quads 4h .. 4h + 3, two bits each from the lowest up
// ones      one word: byte i has bit v of element 4v + i
//
// Groups whose blocks have d (and m) of their own begin with a head, and d and m are scaled: row-factors.ts. 8 blocks may
// make a super-block, a block of the file, with a head of its own. Each type draws its blocks in its file of types/.
//
// A type is a class (see `kind`) with these methods, most of which are in the classes that types extend: blocks.ts,
// super-blocks.ts. S is a strand (C0 or C1), V a step of two quads (C0..C3), `w` a block, `head` what stands before the blocks
// of its super-block, `r` a row of the group. In brackets: only if that is true.
//
// sizes     fileBytes of a block in the file, bytes of a block here, hasFactors: of rows, isSuper [superHeadBytes]
// codes     codes; above: what they are above the weights, 0 or a power of two
// scales    scales of a block [isSuper: superScales]; hasHalfScales: an integer scale for every 16 elements, two of a row as
//           a pair of i16 [pairs, superBits]; hasMinima [minima, addMinima, rowMinimum, isSuper: superMinima]; rowScale
// repack    a block of the file; [hasFactors: largestExponent of its half floats]
//
// Codes are a class too, in codes.ts, or beside the only type that has them: first and second of a step with the constants
// low, high and table, which are zero where they are not used; isSigned bytes, which are the weights; isNarrow, isPaired:
// block-products.ts; code of an element.
import { kind } from './constants'
import { headBytes } from './row-factors'

/** Blocks of 32 elements in a block of the file. */
// @ts-ignore: decorator
@inline
export function blocksOfFile<T>(): usize {
  return kind<T>().isSuper() ? 8 : 1
}

/** Bytes of what stands before the blocks of a super-block. */
// @ts-ignore: decorator
@inline
export function superHeadBytes<T>(): usize {
  if (kind<T>().isSuper()) return kind<T>().superHeadBytes()
  return 0
}

/** Bytes before the blocks of a group. */
// @ts-ignore: decorator
@inline
export function blocksAt<T>(k: i32): usize {
  return kind<T>().hasFactors() ? headBytes(k) : 0
}

/** Bytes of a group of 8 rows of `k` elements. */
// @ts-ignore: decorator
@inline
export function groupBytes<T>(k: i32): usize {
  return blocksAt<T>(k) + <usize>(k >> 5) * kind<T>().bytes() + <usize>(k >> 8) * superHeadBytes<T>()
}
