// File blocks -> the places of their row in a group (block-weights.ts).
import {
  groupBytes, hasSupers, IQ4_NL, IQ4_XS, MXFP4, Q2_K, Q3_K, Q4_0, Q4_1, Q4_K, Q5_0, Q5_1, Q5_K, Q6_K, Q8_0,
} from './block-weights'
import { same } from './constants'
import { repackIQ4XS, repackQ2K, repackQ3K, repackQ45K, repackQ6K } from './repack-super-blocks'
import { isPlainHalf } from './half'
import { copyHalf, copyWords, spreadBits } from './repack-words'

/**
 * `rows` rows of `k` elements -> groups of 8, the rows missing in the last one zero. Returns 1 if any block of a type
 * with exact kernels has a scale that needs them, else 0.
 */
// @ts-ignore: decorator
@inline
export function repackBlocks<T>(out: usize, input: usize, rows: i32, k: i32): i32 {
  const bytes = groupBytes<T>(k)
  const perFileBlock = groupBytes<T>(hasSupers<T>() ? 256 : 32)
  let exact = 0
  for (let first = 0; first < rows; first += 8) {
    if (first + 8 > rows) memory.fill(out, 0, bytes)
    const end = out + bytes
    for (let r = 0; r < min(8, rows - first); r++) {
      for (let to = out; to < end; to += perFileBlock) {
        repackBlock<T>(to, input, <usize>r)
        if ((same<T, Q8_0>() || same<T, Q4_0>()) && !isPlainHalf(load<u16>(input))) exact = 1
        input += fileBlockBytes<T>()
      }
    }
    out = end
  }
  return exact
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

/** `to`: the block's first byte in the group, `r`: the row in its group, `from`: the file's block, unaligned. */
// @ts-ignore: decorator
@inline
function repackBlock<T>(to: usize, from: usize, r: usize): void {
  if (same<T, Q4_K>() || same<T, Q5_K>()) repackQ45K<T>(to, from, r)
  if (same<T, Q6_K>()) repackQ6K(to, from, r)
  if (same<T, Q2_K>()) repackQ2K(to, from, r)
  if (same<T, Q3_K>()) repackQ3K(to, from, r)
  if (same<T, IQ4_XS>()) repackIQ4XS(to, from, r)
  if (!hasSupers<T>()) repackSmall<T>(to, from, r)
}

/**
 * Types of 32 elements, of the file: half d (MXFP4: one byte of exponent), then m where there is one, then the fifth
 * bits u32 where there are, then i8[32] or u8[16] whose byte j holds elements j and j + 16.
 */
// @ts-ignore: decorator
@inline
function repackSmall<T>(to: usize, from: usize, r: usize): void {
  if (same<T, Q8_0>()) {
    copyWords(to + 4 * r, from + 2, 8)
    copyHalf(to + 256 + 2 * r, from)
  }
  if (same<T, Q4_0>() || same<T, IQ4_NL>()) {
    copyWords(to + 4 * r, from + 2, 4)
    copyHalf(to + 128 + 2 * r, from)
  }
  if (same<T, Q4_1>()) {
    copyWords(to + 4 * r, from + 4, 4)
    copyHalf(to + 128 + 2 * r, from)
    copyHalf(to + 144 + 2 * r, from + 2)
  }
  if (same<T, Q5_0>()) {
    copyWords(to + 4 * r, from + 6, 4)
    store<u32>(to + 128 + 4 * r, spreadBits(load<u32>(from + 2)))
    copyHalf(to + 160 + 2 * r, from)
  }
  if (same<T, Q5_1>()) {
    copyWords(to + 4 * r, from + 8, 4)
    store<u32>(to + 128 + 4 * r, spreadBits(load<u32>(from + 4)))
    copyHalf(to + 160 + 2 * r, from)
    copyHalf(to + 176 + 2 * r, from + 2)
  }
  if (same<T, MXFP4>()) {
    copyWords(to + 4 * r, from + 1, 4)
    store<u8>(to + 128 + r, load<u8>(from))
  }
}
