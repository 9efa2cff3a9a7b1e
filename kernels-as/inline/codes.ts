// The codes of blocks: how those of a step unpack, two quads at a time, and that of one element. A class (see
// block-weights.ts) is as large as the codes of a block.
import { C0, C2, same } from './constants'
import { Words4, Words5 } from './words'

/** Codes 0..15 in `nibbles`. */
@unmanaged
export class Nibbles extends Words4 {
  @inline isSigned(): bool { return false }
  @inline isNarrow(): bool { return true }
  @inline isPaired(): bool { return false }
  @inline low(): v128 { return i32x4.splat(0x0f0f0f0f) }
  @inline high(): v128 { return i32x4.splat(0) }
  @inline table(): v128 { return i32x4.splat(0) }
  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 { return lowNibbles<S, V>(w, low) }
  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 { return highNibbles<S, V>(w, low) }
  @inline code(w: usize, r: usize, e: usize): i32 { return nibbleOf(w, r, e) }
}

/** Signed bytes, of which `nibbles` are the indices in a table. */
@unmanaged
export class TableNibbles extends Words4 {
  @inline isSigned(): bool { return true }
  @inline isPaired(): bool { return false }
  @inline low(): v128 { return i32x4.splat(0x0f0f0f0f) }
  @inline high(): v128 { return i32x4.splat(0) }

  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    return i8x16.swizzle(table, lowNibbles<S, V>(w, low))
  }

  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    return i8x16.swizzle(table, highNibbles<S, V>(w, low))
  }
}

/** Those of kvalues_iq4nl of ggml-common.h in ggml-org/ggml. */
@unmanaged
export class IQ4Nibbles extends TableNibbles {
  @inline isNarrow(): bool { return false }
  @inline table(): v128 { return i8x16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113) }

  @inline code(w: usize, r: usize, e: usize): i32 {
    return tableValue(0xf6eaddcfbfad9881, 0x7159453526190d01, nibbleOf(w, r, e))
  }
}

/** Codes 0..31: `nibbles`, then `ones` with the fifth bits. */
@unmanaged
export class FiveBits extends Words5 {
  @inline isSigned(): bool { return false }
  @inline isNarrow(): bool { return false }
  @inline isPaired(): bool { return false }
  @inline low(): v128 { return i32x4.splat(0x0f0f0f0f) }
  @inline high(): v128 { return i32x4.splat(0x10101010) }
  @inline table(): v128 { return i32x4.splat(0) }

  @inline first<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    const bits = v128.load(w, 128 + 16 * offsetof<S>())
    return v128.or(lowNibbles<S, V>(w, low), v128.and(i16x8.shl(bits, 4 - <i32>offsetof<V>()), high))
  }

  @inline second<S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
    const bits = v128.load(w, 128 + 16 * offsetof<S>())
    const shifted = same<V, C0>() ? bits : i16x8.shr_u(bits, <i32>offsetof<V>())
    return v128.or(highNibbles<S, V>(w, low), v128.and(shifted, high))
  }

  @inline code(w: usize, r: usize, e: usize): i32 { return nibbleOf(w, r, e) | (oneOf(w + 128, r, e) << 4) }
}

/** The first quad of a step in `nibbles`. */
// @ts-ignore: decorator
@inline
export function lowNibbles<S, V>(w: usize, low: v128): v128 {
  return v128.and(v128.load(w, 32 * offsetof<V>() + 16 * offsetof<S>()), low)
}

/** The second one. */
// @ts-ignore: decorator
@inline
export function highNibbles<S, V>(w: usize, low: v128): v128 {
  return v128.and(i16x8.shr_u(v128.load(w, 32 * offsetof<V>() + 16 * offsetof<S>()), 4), low)
}

/** The first quad of a step in `twos`. */
// @ts-ignore: decorator
@inline
export function firstTwos<S, V>(w: usize, low: v128): v128 {
  const twos = v128.load(w, 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
  return v128.and(isEven<V>() ? twos : i16x8.shr_u(twos, 4), low)
}

/** The second one. */
// @ts-ignore: decorator
@inline
export function secondTwos<S, V>(w: usize, low: v128): v128 {
  const twos = v128.load(w, 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
  return v128.and(i16x8.shr_u(twos, isEven<V>() ? 2 : 6), low)
}

// @ts-ignore: decorator
@inline
export function isEven<V>(): bool {
  return same<V, C0>() || same<V, C2>()
}

/** Element `e` of row `r` in the `nibbles` at `at`. */
// @ts-ignore: decorator
@inline
export function nibbleOf(at: usize, r: usize, e: usize): i32 {
  return nibble(byteOf(at, r, e) + 32 * ((e >> 2) & 3), e >> 4)
}

/** Where it is in `paired` nibbles. */
// @ts-ignore: decorator
@inline
export function pairedNibbleOf(at: usize, r: usize, e: usize): i32 {
  return nibble(byteOf(at, r, e) + 32 * (e >> 3), (e >> 2) & 1)
}

/** Element `e` of row `r` in the `twos` at `at`. */
// @ts-ignore: decorator
@inline
export function twoOf(at: usize, r: usize, e: usize): i32 {
  return (<i32>load<u8>(byteOf(at, r, e) + 32 * (e >> 4)) >> (2 * (<i32>(e >> 2) & 3))) & 3
}

/** Element `e` of row `r` in the `ones` at `at`. */
// @ts-ignore: decorator
@inline
export function oneOf(at: usize, r: usize, e: usize): i32 {
  return (<i32>load<u8>(byteOf(at, r, e)) >> <i32>(e >> 2)) & 1
}

/** Byte `code` of a table whose bytes are those of `low`, then those of `high`. */
// @ts-ignore: decorator
@inline
export function tableValue(low: i64, high: i64, code: i32): i32 {
  return <i8>((code < 8 ? low : high) >> (<i64>(code & 7) << 3))
}

/** The byte of element `e` in the first word of row `r`. */
// @ts-ignore: decorator
@inline
function byteOf(at: usize, r: usize, e: usize): usize {
  return at + 4 * r + (e & 3)
}

// @ts-ignore: decorator
@inline
function nibble(at: usize, isHigh: usize): i32 {
  return (<i32>load<u8>(at) >> (<i32>isHigh << 2)) & 15
}
