// File blocks of one row -> the row's places in a group (block-weights.ts). `to`: the block's first byte in the group,
// `r`: the row in its group, `from`: the file's block, unaligned.
import { blockBytes, groupBytes, hasSupers, Q4_0, Q4_K, Q6_K, Q8_0, superHeadBytes } from './block-weights'
import { same } from './constants'
import { isPlainHalf } from './half'

/** `rows` rows of `k` elements -> groups of 8, the rows missing in the last one zero. Returns 1 if any block's scale
 * needs the exact kernels, else 0. */
// @ts-ignore: decorator
@inline
export function repackBlocks<T>(fileBytes: usize, out: usize, input: usize, rows: i32, k: i32): i32 {
  const bytes = groupBytes<T>(k)
  const perFileBlock = groupBytes<T>(hasSupers<T>() ? 256 : 32)
  let exact = 0
  for (let first = 0; first < rows; first += 8) {
    if (first + 8 > rows) memory.fill(out, 0, bytes)
    const end = out + bytes
    for (let r = 0; r < min(8, rows - first); r++) {
      for (let to = out; to < end; to += perFileBlock) {
        exact |= repackBlock<T>(to, input, <usize>r)
        input += fileBytes
      }
    }
    out = end
  }
  return exact
}

// @ts-ignore: decorator
@inline
function repackBlock<T>(to: usize, from: usize, r: usize): i32 {
  if (same<T, Q8_0>()) return repackQ80(to, from, r)
  if (same<T, Q4_0>()) return repackQ40(to, from, r)
  if (same<T, Q4_K>()) repackQ4K(to, from, r)
  else repackQ6K(to, from, r)
  return 0
}

// @ts-ignore: decorator
@inline
function needsExact(half: u16): i32 {
  return isPlainHalf(half) ? 0 : 1
}

/** Q8_0 of the file: half d, i8[32]. */
// @ts-ignore: decorator
@inline
function repackQ80(to: usize, from: usize, r: usize): i32 {
  for (let j: usize = 0; j < 8; j++) store<u32>(to + 32 * j + 4 * r, load<u32>(from + 2 + 4 * j))
  const d = load<u16>(from)
  store<u16>(to + 256 + 2 * r, d)
  return needsExact(d)
}

/** Q4_0 of the file: half d, u8[16]: byte j holds elements j and j + 16. */
// @ts-ignore: decorator
@inline
function repackQ40(to: usize, from: usize, r: usize): i32 {
  for (let j: usize = 0; j < 4; j++) store<u32>(to + 32 * j + 4 * r, load<u32>(from + 2 + 4 * j))
  const d = load<u16>(from)
  store<u16>(to + 128 + 2 * r, d)
  return needsExact(d)
}

/**
 * Q4_K of the file: half d, half dmin, 12 bytes of 6-bit scales and minima, u8[128]: in each 32 bytes the low nibbles
 * are one block, the high nibbles the next.
 */
// @ts-ignore: decorator
@inline
function repackQ4K(to: usize, from: usize, r: usize): void {
  store<u16>(to + 2 * r, load<u16>(from))
  store<u16>(to + 16 + 2 * r, load<u16>(from + 2))
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<Q4_K>() + b * blockBytes<Q4_K>()
    repackNibbles(block + 4 * r, from + 16 + 32 * (b >> 1), from + 32 + 32 * (b >> 1), <u32>(b & 1) << 2)
    const s = from + 4 + (b & 3)
    const scale = <u32>load<u8>(s), minimum = <u32>load<u8>(s + 4), both = <u32>load<u8>(s + 8)
    store<u8>(block + 128 + r, b < 4 ? scale & 63 : (both & 15) | ((scale >> 6) << 4))
    store<u8>(block + 136 + r, b < 4 ? minimum & 63 : (both >> 4) | ((minimum >> 6) << 4))
  }
}

/**
 * Q6_K of the file: low 4 bits u8[128], high 2 bits u8[64], scales i8[16], half d. In each half of 128 elements,
 * block t takes the low or (t >= 2) high nibbles of 32 bytes and bits 2t, 2t + 1 of 32 bytes.
 */
// @ts-ignore: decorator
@inline
function repackQ6K(to: usize, from: usize, r: usize): void {
  for (let b: usize = 0; b < 8; b++) {
    const block = to + superHeadBytes<Q6_K>() + b * blockBytes<Q6_K>()
    const t = <u32>b & 3
    const low = from + 64 * (b >> 2) + 32 * (b & 1)
    for (let v: usize = 0; v < 4; v++) {
      const even = (load<u32>(low + 8 * v) >> (2 * (t & 2))) & 0x0f0f0f0f
      const odd = (load<u32>(low + 8 * v + 4) >> (2 * (t & 2))) & 0x0f0f0f0f
      store<u32>(block + 32 * v + 4 * r, even | (odd << 4))
    }
    const high = from + 128 + 32 * (b >> 2)
    for (let h: usize = 0; h < 2; h++) {
      let word: u32 = 0
      for (let v: usize = 0; v < 4; v++) {
        word |= ((load<u32>(high + 16 * h + 4 * v) >> (2 * t)) & 0x03030303) << (2 * <u32>v)
      }
      store<u32>(block + 128 + 32 * h + 4 * r, word)
    }
    store<u16>(block + 192 + 2 * r, load<u16>(from + 192 + 2 * b))
  }
  store<u16>(to + 2 * r, load<u16>(from + 208))
}

/** The nibbles at `shift` (0 or 4) of 16 bytes at `first` into low, of 16 at `last` into high nibbles. */
// @ts-ignore: decorator
@inline
function repackNibbles(to: usize, first: usize, last: usize, shift: u32): void {
  for (let j: usize = 0; j < 4; j++) {
    const low = (load<u32>(first + 4 * j) >> shift) & 0x0f0f0f0f
    const high = (load<u32>(last + 4 * j) >> shift) & 0x0f0f0f0f
    store<u32>(to + 32 * j, low | (high << 4))
  }
}
