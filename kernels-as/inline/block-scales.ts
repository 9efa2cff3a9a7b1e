// The scales and minima of a block for the four rows of strand S (C0 or C1), as the kernels multiply with them.
import {
  hasSupers, IQ4_XS, MXFP4, Q2_K, Q3_K, Q4_1, Q4_K, Q5_1, Q5_K, Q6_K, scalesAt,
} from './block-weights'
import { C0, same } from './constants'
import { halfToFloat, halfToFloatExact } from './half'

/** Whether a block's minimum is one float per row. */
// @ts-ignore: decorator
@inline
export function hasMinima<T>(): bool {
  return same<T, Q4_1>() || same<T, Q5_1>() || same<T, Q4_K>() || same<T, Q5_K>()
}

/** d of the super-block at `w`. */
// @ts-ignore: decorator
@inline
export function superScales<T, S>(w: usize): v128 {
  if (hasSupers<T>()) return halfToFloatExact(v128.load16x4_s(w, 8 * offsetof<S>()))
  return i32x4.splat(0)
}

/** dmin of the super-block at `w`. */
// @ts-ignore: decorator
@inline
export function superMinima<T, S>(w: usize): v128 {
  if (same<T, Q4_K>() || same<T, Q5_K>() || same<T, Q2_K>()) {
    return halfToFloatExact(v128.load16x4_s(w, 16 + 8 * offsetof<S>()))
  }
  return i32x4.splat(0)
}

/** Q3_K: the high bits of all integer scales of the super-block at `w`. */
// @ts-ignore: decorator
@inline
export function superBits<T, S>(w: usize): v128 {
  if (same<T, Q3_K>()) return v128.load(w, 16 + 16 * offsetof<S>())
  return i32x4.splat(0)
}

/** The float scales of the block at `w`. `d`: its super-block's, or the factors of its rows. */
// @ts-ignore: decorator
@inline
export function blockScales<T, S>(d: v128, w: usize, mask: v128): v128 {
  if (same<T, Q4_K>() || same<T, Q5_K>()) return f32x4.mul(d, integers<S>(v128.load8x8_u(w, scalesAt<T>())))
  if (same<T, IQ4_XS>()) return f32x4.mul(d, integers<S>(v128.load8x8_s(w, scalesAt<T>())))
  if (same<T, MXFP4>()) return powersOfTwo(w + scalesAt<T>() + 4 * offsetof<S>())
  if (hasSupers<T>()) return d
  return halfToFloat(v128.load16x4_s(w, scalesAt<T>() + 8 * offsetof<S>()), mask, d)
}

/** What a block adds per unit of its activations' sum. `m`: its super-block's dmin, or the factors of its rows. */
// @ts-ignore: decorator
@inline
export function blockMinima<T, S>(m: v128, w: usize, mask: v128): v128 {
  if (same<T, Q4_1>() || same<T, Q5_1>()) {
    return halfToFloat(v128.load16x4_s(w, scalesAt<T>() + 16 + 8 * offsetof<S>()), mask, m)
  }
  if (same<T, Q4_K>() || same<T, Q5_K>()) return f32x4.mul(m, integers<S>(v128.load8x8_u(w, scalesAt<T>() + 8)))
  return m
}

/** Types with a scale for every 16 elements: the two of each row as i16. `bits`, `b`: of the super-block, for Q3_K. */
// @ts-ignore: decorator
@inline
export function scalePairs<T, S>(w: usize, bits: v128, b: i32): v128 {
  if (same<T, Q6_K>()) return v128.load8x8_s(w, scalesAt<T>() + 8 * offsetof<S>())
  if (same<T, Q2_K>()) return v128.and(v128.load8x8_u(w, scalesAt<T>() + 8 * offsetof<S>()), i16x8.splat(15))
  if (same<T, Q3_K>()) {
    const nibbles = bytes4(w + scalesAt<T>() + 4 * offsetof<S>())
    const high = i32x4.shr_u(bits, (b & 7) << 2)
    const first = v128.or(v128.and(nibbles, i32x4.splat(15)), i32x4.shl(v128.and(high, i32x4.splat(3)), 4))
    const last = v128.or(i32x4.shl(i32x4.shr_u(nibbles, 4), 16), i32x4.shl(v128.and(high, i32x4.splat(12)), 18))
    return i16x8.sub(v128.or(first, last), i16x8.splat(32))
  }
  return bits
}

/** Q2_K: the two integer minima of each row as i16. */
// @ts-ignore: decorator
@inline
export function minimumPairs<T, S>(w: usize): v128 {
  if (same<T, Q2_K>()) return i16x8.shr_u(v128.load8x8_u(w, scalesAt<T>() + 8 * offsetof<S>()), 4)
  return i32x4.splat(0)
}

/** A strand's half of eight i16 as f32x4. */
// @ts-ignore: decorator
@inline
function integers<S>(all: v128): v128 {
  if (same<S, C0>()) return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(all))
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(all))
}

/** Four unsigned bytes as i32x4. */
// @ts-ignore: decorator
@inline
function bytes4(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)))
}

/** 2^(e - 128) for four exponents e: half an E8M0 scale, whose table of values is doubled. */
// @ts-ignore: decorator
@inline
function powersOfTwo(at: usize): v128 {
  const e = bytes4(at)
  const normal = i32x4.shl(i32x4.sub(e, i32x4.splat(1)), 23)
  const subnormal = i32x4.shl(i32x4.add(e, i32x4.splat(1)), 21)
  return v128.bitselect(subnormal, normal, i32x4.lt_s(e, i32x4.splat(2)))
}
