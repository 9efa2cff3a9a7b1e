// Unpacking the codes of a block, two quads a step: step V (C0..C3), strand S (C0 or C1).
import {
  hasFifthBits, hasTable, MXFP4, Q2_K, Q3_K, Q6_K, Q8_0,
} from './block-weights'
import { C0, C1, C2, C3, same } from './constants'
import { held } from './half'

/** The mask of a word's lowest codes, in every byte. `scratch`: see `held`. */
// @ts-ignore: decorator
@inline
export function lowMask<T>(scratch: usize): v128 {
  return held(i32x4.splat(same<T, Q2_K>() || same<T, Q3_K>() ? 0x03030303 : 0x0f0f0f0f), scratch)
}

/** The mask of the bits that come from elsewhere, in every byte. */
// @ts-ignore: decorator
@inline
export function highMask<T>(scratch: usize): v128 {
  return held(i32x4.splat(same<T, Q6_K>() ? 0x30303030 : same<T, Q3_K>() ? 0x04040404 : 0x10101010), scratch)
}

/** The values of nibbles: kvalues_iq4nl and twice the E2M1 numbers, of ggml-common.h in ggml-org/ggml. */
// @ts-ignore: decorator
@inline
export function valueTable<T>(scratch: usize): v128 {
  const values = same<T, MXFP4>()
    ? i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)
    : i8x16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
  return held(values, scratch)
}

/** The codes of the first quad of a step. */
// @ts-ignore: decorator
@inline
export function firstCodes<T, S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
  if (same<T, Q8_0>()) return v128.load(w, 64 * offsetof<V>() + 16 * offsetof<S>())
  if (same<T, Q2_K>() || same<T, Q3_K>()) {
    const twos = v128.load(w, 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
    const codes = v128.and(isEven<V>() ? twos : i16x8.shr_u(twos, 4), low)
    if (same<T, Q2_K>()) return codes
    const bits = v128.load(w, 64 + 16 * offsetof<S>())
    if (same<V, C0>()) return v128.or(codes, v128.and(i16x8.shl(bits, 2), high))
    if (same<V, C1>()) return v128.or(codes, v128.and(bits, high))
    return v128.or(codes, v128.and(i16x8.shr_u(bits, same<V, C2>() ? 2 : 4), high))
  }
  const nibbles = v128.and(v128.load(w, 32 * offsetof<V>() + 16 * offsetof<S>()), low)
  if (hasTable<T>()) return i8x16.swizzle(table, nibbles)
  if (hasFifthBits<T>()) {
    const bits = v128.load(w, 128 + 16 * offsetof<S>())
    return v128.or(nibbles, v128.and(i16x8.shl(bits, 4 - <i32>offsetof<V>()), high))
  }
  if (same<T, Q6_K>()) {
    const bits = v128.load(w, 128 + 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
    return v128.or(nibbles, v128.and(isEven<V>() ? i16x8.shl(bits, 4) : bits, high))
  }
  return nibbles
}

/** The codes of the second quad of a step. */
// @ts-ignore: decorator
@inline
export function secondCodes<T, S, V>(w: usize, low: v128, high: v128, table: v128): v128 {
  if (same<T, Q8_0>()) return v128.load(w, 64 * offsetof<V>() + 16 * offsetof<S>() + 32)
  if (same<T, Q2_K>() || same<T, Q3_K>()) {
    const twos = v128.load(w, 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
    const codes = v128.and(i16x8.shr_u(twos, isEven<V>() ? 2 : 6), low)
    if (same<T, Q2_K>()) return codes
    const bits = v128.load(w, 64 + 16 * offsetof<S>())
    if (same<V, C0>()) return v128.or(codes, v128.and(i16x8.shl(bits, 1), high))
    return v128.or(codes, v128.and(i16x8.shr_u(bits, same<V, C1>() ? 1 : same<V, C2>() ? 3 : 5), high))
  }
  const nibbles = v128.and(i16x8.shr_u(v128.load(w, 32 * offsetof<V>() + 16 * offsetof<S>()), 4), low)
  if (hasTable<T>()) return i8x16.swizzle(table, nibbles)
  if (hasFifthBits<T>()) {
    const bits = v128.load(w, 128 + 16 * offsetof<S>())
    return v128.or(nibbles, v128.and(same<V, C0>() ? bits : i16x8.shr_u(bits, <i32>offsetof<V>()), high))
  }
  if (same<T, Q6_K>()) {
    const bits = v128.load(w, 128 + 32 * (offsetof<V>() >> 1) + 16 * offsetof<S>())
    return v128.or(nibbles, v128.and(isEven<V>() ? i16x8.shl(bits, 2) : i16x8.shr_u(bits, 2), high))
  }
  return nibbles
}

// @ts-ignore: decorator
@inline
function isEven<V>(): bool {
  return same<V, C0>() || same<V, C2>()
}
