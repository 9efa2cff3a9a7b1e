// Rows of blocks in file layout to floats, with the values of ggml's dequantization: every product here is exact but
// for the last, so the order of the factors does not matter.
//
// A type that has no products of its own is a class (see `kind`) with these methods: fileBytes and fileElements of a block,
// and dequantize, which writes the elements of the block at `w`, `step` bytes apart. Types whose blocks are 32 pieces, each of
// 8 consecutive elements, extend `Pieces`.
import { kind } from './constants'
import { halfToFloatScalar } from './half'

/** `rows` rows of `k` elements (whole blocks) -> f32[k][rows]. `codebook`: i8 vectors. */
// @ts-ignore: decorator
@inline
export function dequantizeRows<T>(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  const step = <usize>rows << 2
  const blockBytes = kind<T>().fileBytes()
  const blocks = <usize>k / kind<T>().fileElements()
  const rowBytes = blocks * blockBytes
  // Block by block, so that the columns being written stay in the cache.
  for (let b: usize = 0; b < blocks; b++) {
    for (let r: usize = 0; r < <usize>rows; r++) {
      block<T>(out + kind<T>().fileElements() * b * step + 4 * r, step, w + r * rowBytes + b * blockBytes, codebook)
    }
  }
}

/** One block; elements `step` bytes apart. */
function block<T>(out: usize, step: usize, w: usize, codebook: usize): void {
  kind<T>().dequantize(out, step, w, codebook)
}

/**
 * (piece + pieceShift) * pieceScale, which is to include the block's scale, `d`: all methods of T, the class that extends
 * this one.
 */
@unmanaged
export class Pieces<T> {
  @inline fileElements(): usize { return 256 }

  @inline dequantize(out: usize, step: usize, w: usize, codebook: usize): void {
    const d = kind<T>().d(w)
    for (let p: u32 = 0; p < 32; p++) {
      const scale = f32x4.splat(kind<T>().pieceScale(w, p, d))
      store8(out, step, kind<T>().piece(w, p, codebook), f32x4.splat(kind<T>().pieceShift(w, p)), scale)
      out += step << 3
    }
  }
}

/** Pieces without shifts, in blocks that begin with half d. */
@unmanaged
export class PiecesWithD<T> extends Pieces<T> {
  @inline d(w: usize): f32 { return halfToFloatScalar(load<u16>(w)) }
  @inline pieceShift(w: usize, p: u32): f32 { return 0 }
}

/** i16x8, element i negated where bit i is set. */
// @ts-ignore: decorator
@inline
export function signed(values: v128, signs: u32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128)
  const negative = i16x8.eq(v128.and(i16x8.splat(<i16>signs), bits), bits)
  return i16x8.sub(v128.xor(values, negative), negative)
}

/** Eight signs of which seven bits are stored: the last makes their number even. */
// @ts-ignore: decorator
@inline
export function evenSigns(seven: u32): u32 {
  return seven | ((popcnt(seven) & 1) << 7)
}

/** Vector `index` of 8 as i16x8. */
// @ts-ignore: decorator
@inline
export function vector8(codebook: usize, index: usize): v128 {
  return v128.load8x8_u(codebook + (index << 3))
}

/** Two vectors of 4 as i16x8. */
// @ts-ignore: decorator
@inline
export function vectors4(codebook: usize, first: usize, last: usize): v128 {
  const low = v128.load32_zero(codebook + (first << 2))
  return i16x8.extend_low_i8x16_u(v128.load32_lane(codebook + (last << 2), low, 1))
}

/** 2i + 1. */
// @ts-ignore: decorator
@inline
export function odd(i: u32): f32 {
  return <f32>((i << 1) | 1)
}

/** Nibble `i` of the bytes at `at`, low ones first. */
// @ts-ignore: decorator
@inline
export function nibbleAt(at: usize, i: u32): u32 {
  return (<u32>load<u8>(at + (i >> 1)) >> (4 * (i & 1))) & 15
}

/** (values + shift) * scale of i16x8, `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function store8(out: usize, step: usize, values: v128, shift: v128, scale: v128): void {
  store4(out, step, f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(values)), shift), scale))
  const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(values))
  store4(out + (step << 2), step, f32x4.mul(f32x4.add(high, shift), scale))
}

// @ts-ignore: decorator
@inline
function store4(out: usize, step: usize, v: v128): void {
  v128.store32_lane(out, v, 0)
  v128.store32_lane(out + step, v, 1)
  v128.store32_lane(out + 2 * step, v, 2)
  v128.store32_lane(out + 3 * step, v, 3)
}
