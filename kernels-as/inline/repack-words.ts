// Small moves of repacking. Words of one row lie 32 bytes apart in a group.

/** `count` words at `from` (unaligned) to consecutive words of a row at `to`. */
// @ts-ignore: decorator
@inline
export function copyWords(to: usize, from: usize, count: usize): void {
  for (let j: usize = 0; j < count; j++) store<u32>(to + 32 * j, load<u32>(from + 4 * j))
}

// @ts-ignore: decorator
@inline
export function copyHalf(to: usize, from: usize): void {
  store<u16>(to, load<u16>(from))
}

/** The nibbles at `shift` (0 or 4) of 16 bytes at `first` into low, of 16 at `last` into high nibbles of four words. */
// @ts-ignore: decorator
@inline
export function copyNibbles(to: usize, first: usize, last: usize, shift: u32): void {
  for (let j: usize = 0; j < 4; j++) {
    const low = (load<u32>(first + 4 * j) >> shift) & 0x0f0f0f0f
    const high = (load<u32>(last + 4 * j) >> shift) & 0x0f0f0f0f
    store<u32>(to + 32 * j, low | (high << 4))
  }
}

/** Bits `shift`, `shift` + 1 of 32 bytes -> two words of `twos`. */
// @ts-ignore: decorator
@inline
export function copyTwos(to: usize, from: usize, shift: u32): void {
  for (let h: usize = 0; h < 2; h++) {
    let word: u32 = 0
    for (let v: usize = 0; v < 4; v++) {
      word |= ((load<u32>(from + 16 * h + 4 * v) >> shift) & 0x03030303) << (2 * <u32>v)
    }
    store<u32>(to + 32 * h, word)
  }
}

/** Bit `shift` of 32 bytes -> a word of `ones`. */
// @ts-ignore: decorator
@inline
export function copyOnes(to: usize, from: usize, shift: u32): void {
  let word: u32 = 0
  for (let v: usize = 0; v < 8; v++) word |= ((load<u32>(from + 4 * v) >> shift) & 0x01010101) << <u32>v
  store<u32>(to, word)
}

/** Bit e of `bits` belongs to element e -> a word of `ones`. */
// @ts-ignore: decorator
@inline
export function spreadBits(bits: u32): u32 {
  let word: u32 = 0
  for (let e: u32 = 0; e < 32; e++) word |= ((bits >> e) & 1) << (8 * (e & 3) + (e >> 2))
  return word
}

/** Scale `b` of the 12 bytes of 6-bit scales and minima at `from`, and eight bytes behind it minimum `b`. */
// @ts-ignore: decorator
@inline
export function copySixBits(to: usize, from: usize, b: usize): void {
  const s = from + (b & 3)
  const scale = <u32>load<u8>(s), minimum = <u32>load<u8>(s + 4), both = <u32>load<u8>(s + 8)
  store<u8>(to, b < 4 ? scale & 63 : (both & 15) | ((scale >> 6) << 4))
  store<u8>(to + 8, b < 4 ? minimum & 63 : (both >> 4) | ((minimum >> 6) << 4))
}
