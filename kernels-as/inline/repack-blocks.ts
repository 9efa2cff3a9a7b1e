// File blocks -> the places of their row in a group (block-weights.ts).
import {
  blockBytes, blocksAt, groupBytes, hasRowFactors, hasSupers, IQ4_NL, IQ4_XS, MXFP4, Q2_K, Q3_K, Q4_0, Q4_1, Q4_K, Q5_0,
  Q5_1, Q5_K, Q6_K, Q8_0, superHeadBytes,
} from './block-weights'
import { same } from './constants'
import { repackIQ4XS, repackQ2K, repackQ3K, repackQ45K, repackQ6K } from './repack-super-blocks'
import { scaleHalf } from './half'
import { copyWords, spreadBits } from './repack-words'
import { largerExponent, startRow } from './row-factors'

/** `rows` rows of `k` elements -> groups of 8, the rows missing in the last one zero. */
// @ts-ignore: decorator
@inline
export function repackBlocks<T>(out: usize, input: usize, rows: i32, k: i32): void {
  const bytes = groupBytes<T>(k)
  const perFileBlock = superHeadBytes<T>() + (hasSupers<T>() ? 8 : 1) * blockBytes<T>()
  for (let first = 0; first < rows; first += 8) {
    if (first + 8 > rows) memory.fill(out, 0, bytes)
    for (let r: usize = 0; r < <usize>min(8, rows - first); r++) {
      const power: f32 = hasRowFactors<T>() ? startRow(out, r, largestExponent<T>(input, k)) : 0
      for (let to = out + blocksAt<T>(k); to < out + bytes; to += perFileBlock) {
        repackBlock<T>(to, input, r, power)
        input += fileBlockBytes<T>()
      }
    }
    out += bytes
  }
}

/** Of the half floats of a row of blocks with scales of their own. */
// @ts-ignore: decorator
@inline
function largestExponent<T>(row: usize, k: i32): u32 {
  let largest: u32 = 0x0400
  for (let b = 0; b < k >> 5; b++) {
    largest = largerExponent(largest, load<u16>(row))
    if (same<T, Q4_1>() || same<T, Q5_1>()) largest = largerExponent(largest, load<u16>(row, 2))
    row += fileBlockBytes<T>()
  }
  return largest
}

/** Bytes of a block of the file: 32 elements, or 256 of a K type. */
// @ts-ignore: decorator
@inline
function fileBlockBytes<T>(): usize {
  if (same<T, Q8_0>()) return 34
  if (same<T, Q4_1>()) return 20
  if (same<T, Q5_0>()) return 22
  if (same<T, Q5_1>()) return 24
  if (same<T, MXFP4>()) return 17
  if (same<T, Q4_K>()) return 144
  if (same<T, Q5_K>()) return 176
  if (same<T, Q6_K>()) return 210
  if (same<T, Q2_K>()) return 84
  if (same<T, Q3_K>()) return 110
  if (same<T, IQ4_XS>()) return 136
  return 18
}

/**
 * `to`: the block's first byte in the group, `r`: the row in its group, `from`: the file's block, unaligned, `power`:
 * see startRow.
 */
// @ts-ignore: decorator
@inline
function repackBlock<T>(to: usize, from: usize, r: usize, power: f32): void {
  if (same<T, Q4_K>() || same<T, Q5_K>()) repackQ45K<T>(to, from, r)
  if (same<T, Q6_K>()) repackQ6K(to, from, r)
  if (same<T, Q2_K>()) repackQ2K(to, from, r)
  if (same<T, Q3_K>()) repackQ3K(to, from, r)
  if (same<T, IQ4_XS>()) repackIQ4XS(to, from, r)
  if (!hasSupers<T>()) repackSmall<T>(to, from, r, power)
}

/**
 * Types of 32 elements, of the file: half d (MXFP4: one byte of exponent), then m where there is one, then the fifth
 * bits u32 where there are, then i8[32] or u8[16] whose byte j holds elements j and j + 16.
 */
// @ts-ignore: decorator
@inline
function repackSmall<T>(to: usize, from: usize, r: usize, power: f32): void {
  if (same<T, Q8_0>()) {
    copyWords(to + 4 * r, from + 2, 8)
    store<u16>(to + 256 + 2 * r, scaleHalf(load<u16>(from), power))
  }
  if (same<T, Q4_0>() || same<T, IQ4_NL>()) {
    copyWords(to + 4 * r, from + 2, 4)
    store<u16>(to + 128 + 2 * r, scaleHalf(load<u16>(from), power))
  }
  if (same<T, Q4_1>()) {
    copyWords(to + 4 * r, from + 4, 4)
    store<u16>(to + 128 + 2 * r, scaleHalf(load<u16>(from), power))
    store<u16>(to + 144 + 2 * r, scaleHalf(load<u16>(from, 2), power))
  }
  if (same<T, Q5_0>()) {
    copyWords(to + 4 * r, from + 6, 4)
    store<u32>(to + 128 + 4 * r, spreadBits(load<u32>(from + 2)))
    store<u16>(to + 160 + 2 * r, scaleHalf(load<u16>(from), power))
  }
  if (same<T, Q5_1>()) {
    copyWords(to + 4 * r, from + 8, 4)
    store<u32>(to + 128 + 4 * r, spreadBits(load<u32>(from + 4)))
    store<u16>(to + 160 + 2 * r, scaleHalf(load<u16>(from), power))
    store<u16>(to + 176 + 2 * r, scaleHalf(load<u16>(from, 2), power))
  }
  if (same<T, MXFP4>()) {
    copyWords(to + 4 * r, from + 1, 4)
    store<u8>(to + 128 + r, load<u8>(from))
  }
}
