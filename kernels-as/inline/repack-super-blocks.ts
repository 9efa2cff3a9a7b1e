// Super-blocks of 256 elements of the file -> one row's places in 8 blocks of a group (block-weights.ts). `to`: the
// first byte of the super-block in the group, `r`: the row in its group, `from`: the file's block, unaligned. Sources:
// the structs and dequantize functions of ggml-common.h and ggml-quants.c in ggml-org/ggml.
import { blockBytes, IQ4_XS, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, scalesAt, superHeadBytes } from './block-weights'
import { same } from './constants'
import { copyHalf, copyNibbles, copyOnes, copyTwos, copyWords } from './repack-words'

/**
 * File: half d, half dmin, 12 bytes of 6-bit scales and minima, in Q5_K the fifth bits u8[32], bit b for block b; then
 * u8[128]: in each 32 bytes the low nibbles are one block, the high nibbles the next.
 */
// @ts-ignore: decorator
@inline
export function repackQ45K<T>(to: usize, from: usize, r: usize): void {
  copyHalf(to + 2 * r, from)
  copyHalf(to + 16 + 2 * r, from + 2)
  const codes = from + (same<T, Q5_K>() ? 48 : 16)
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<T>() + b * blockBytes<T>()
    const pair = codes + 32 * (b >> 1)
    copyNibbles(block + 4 * r, pair, pair + 16, <u32>(b & 1) << 2)
    if (same<T, Q5_K>()) copyOnes(block + 128 + 4 * r, from + 16, <u32>b)
    const s = from + 4 + (b & 3)
    const scale = <u32>load<u8>(s), minimum = <u32>load<u8>(s + 4), both = <u32>load<u8>(s + 8)
    store<u8>(block + scalesAt<T>() + r, b < 4 ? scale & 63 : (both & 15) | ((scale >> 6) << 4))
    store<u8>(block + scalesAt<T>() + 8 + r, b < 4 ? minimum & 63 : (both >> 4) | ((minimum >> 6) << 4))
  }
}

/**
 * File: low 4 bits u8[128], high 2 bits u8[64], scales i8[16], half d. In each half of 128 elements, block t takes the
 * low or (t >= 2) high nibbles of 32 bytes and bits 2t, 2t + 1 of 32 bytes.
 */
// @ts-ignore: decorator
@inline
export function repackQ6K(to: usize, from: usize, r: usize): void {
  copyHalf(to + 2 * r, from + 208)
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<Q6_K>() + b * blockBytes<Q6_K>()
    const t = <u32>b & 3
    const low = from + 64 * (b >> 2) + 32 * (b & 1)
    for (let v: usize = 0; v < 4; v++) {
      const even = (load<u32>(low + 8 * v) >> (2 * (t & 2))) & 0x0f0f0f0f
      const odd = (load<u32>(low + 8 * v + 4) >> (2 * (t & 2))) & 0x0f0f0f0f
      store<u32>(block + 32 * v + 4 * r, even | (odd << 4))
    }
    copyTwos(block + 128 + 4 * r, from + 128 + 32 * (b >> 2), 2 * t)
    copyHalf(block + scalesAt<Q6_K>() + 2 * r, from + 192 + 2 * b)
  }
}

/**
 * File: u8[16], scale in the low and minimum in the high nibble, for 16 elements each; codes u8[64], half d, half dmin.
 * In each half of 128 elements, block t takes bits 2t, 2t + 1 of 32 bytes.
 */
// @ts-ignore: decorator
@inline
export function repackQ2K(to: usize, from: usize, r: usize): void {
  copyHalf(to + 2 * r, from + 80)
  copyHalf(to + 16 + 2 * r, from + 82)
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<Q2_K>() + b * blockBytes<Q2_K>()
    copyTwos(block + 4 * r, from + 16 + 32 * (b >> 2), 2 * (<u32>b & 3))
    copyHalf(block + scalesAt<Q2_K>() + 2 * r, from + 2 * b)
  }
}

/**
 * File: third bits u8[32], bit b for block b; low 2 bits u8[64] as in Q2_K; 12 bytes of 6-bit scales + 32: the low
 * nibbles of scale j in byte j mod 8, its high bits in byte 8 + j mod 4; half d.
 */
// @ts-ignore: decorator
@inline
export function repackQ3K(to: usize, from: usize, r: usize): void {
  copyHalf(to + 2 * r, from + 108)
  let high: u32 = 0
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<Q3_K>() + b * blockBytes<Q3_K>()
    copyTwos(block + 4 * r, from + 32 + 32 * (b >> 2), 2 * (<u32>b & 3))
    copyOnes(block + 64 + 4 * r, from, <u32>b)
    let low: u32 = 0
    for (let part: u32 = 0; part < 2; part++) {
      const j = 2 * <u32>b + part
      low |= ((<u32>load<u8>(from + 96 + (j & 7)) >> (j < 8 ? 0 : 4)) & 15) << (4 * part)
      high |= ((<u32>load<u8>(from + 104 + (j & 3)) >> (2 * (j >> 2))) & 3) << (4 * <u32>b + 2 * part)
    }
    store<u8>(block + scalesAt<Q3_K>() + r, low)
  }
  store<u32>(to + 16 + 4 * r, high)
}

/** File: half d, high 2 bits of the 8 scales + 32 u16, their low nibbles u8[4], codes u8[8][16] as in Q4_0. */
// @ts-ignore: decorator
@inline
export function repackIQ4XS(to: usize, from: usize, r: usize): void {
  copyHalf(to + 2 * r, from)
  const high = <u32>load<u16>(from + 2)
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<IQ4_XS>() + b * blockBytes<IQ4_XS>()
    copyWords(block + 4 * r, from + 8 + 16 * b, 4)
    const low = (<u32>load<u8>(from + 4 + (b >> 1)) >> (4 * (<u32>b & 1))) & 15
    store<u8>(block + scalesAt<IQ4_XS>() + r, (low | (((high >> (2 * <u32>b)) & 3) << 4)) - 32)
  }
}
