// Rows of blocks in file layout to floats, with the values of ggml's dequantization: every product here is exact but
// for the last, so the order of the factors does not matter.
import { same } from './constants'
import {
  blockScale, fileBlockBytes, fileBlockElements, IQ1_M, IQ1_S, IQ3_S, IQ3_XXS, NVFP4, pieceIndex, pieceScale, pieceShift,
  pieceSigns, Q1_0, Q2_0, quadIndex, tinyScale, TQ1_0, TQ2_0,
} from './file-blocks'

/** `rows` rows of `k` elements (whole blocks) -> f32[k][rows]. `codebook`: i8 vectors. */
// @ts-ignore: decorator
@inline
export function dequantizeRows<T>(out: usize, w: usize, rows: i32, k: i32, codebook: usize): void {
  const step = <usize>rows << 2
  const blocks = <usize>k / fileBlockElements<T>()
  const rowBytes = blocks * fileBlockBytes<T>()
  // Block by block, so that the columns being written stay in the cache.
  for (let b: usize = 0; b < blocks; b++) {
    for (let r: usize = 0; r < <usize>rows; r++) {
      block<T>(out + fileBlockElements<T>() * b * step + 4 * r, step, w + r * rowBytes + b * fileBlockBytes<T>(), codebook)
    }
  }
}

/** One block; elements `step` bytes apart. */
function block<T>(out: usize, step: usize, w: usize, codebook: usize): void {
  if (same<T, NVFP4>()) return tinyFloats(out, step, w)
  const d = blockScale<T>(w)
  if (same<T, TQ1_0>()) return fiveDigits(out, step, w, d)
  if (same<T, TQ2_0>()) return twoBits(out, step, w, d)
  if (same<T, Q1_0>()) return oneBit(out, step, w, d)
  if (same<T, Q2_0>()) return bitPairs(out, step, w, d)
  for (let p: u32 = 0; p < 32; p++) {
    const scale = f32x4.splat(pieceScale<T>(w, p, d))
    if (same<T, IQ1_S>() || same<T, IQ1_M>()) {
      const values = v128.load8x8_s(codebook + (pieceIndex<T>(w, p) << 3))
      store8(out, step, values, f32x4.splat(pieceShift<T>(w, p)), scale)
    } else {
      store8(out, step, signed(magnitudes<T>(w, p, codebook), pieceSigns<T>(w, p)), f32x4.splat(0), scale)
    }
    out += step << 3
  }
}

/** The elements of piece `p` without their signs, i16x8. */
// @ts-ignore: decorator
@inline
function magnitudes<T>(w: usize, p: u32, codebook: usize): v128 {
  if (!same<T, IQ3_XXS>() && !same<T, IQ3_S>()) return v128.load8x8_u(codebook + (pieceIndex<T>(w, p) << 3))
  const first = v128.load32_zero(codebook + (quadIndex<T>(w, 2 * p) << 2))
  return i16x8.extend_low_i8x16_u(v128.load32_lane(codebook + (quadIndex<T>(w, 2 * p + 1) << 2), first, 1))
}

/** i16x8, element i negated where bit i is set. */
// @ts-ignore: decorator
@inline
function signed(values: v128, signs: u32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128)
  const negative = i16x8.eq(v128.and(i16x8.splat(<i16>signs), bits), bits)
  return i16x8.sub(v128.xor(values, negative), negative)
}

/** TQ1_0: a byte is a fraction of 256 whose ternary digits, the first after the point first, are the elements + 1. */
// @ts-ignore: decorator
@inline
function fiveDigits(out: usize, step: usize, w: usize, d: f32): void {
  for (let at: usize = 0; at < 32; at += 8) digits(out + at * step, 32 * step, step, v128.load8x8_u(w + at), 5, d)
  const next = out + 160 * step
  for (let at: usize = 0; at < 16; at += 8) digits(next + at * step, 16 * step, step, v128.load8x8_u(w + at, 32), 5, d)
  // Four bytes of four digits: two digits of each are a piece.
  const last = i16x8.extend_low_i8x16_u(v128.load32_splat(w, 48))
  digits(out + 240 * step, 8 * step, step, i16x8.mul(last, i16x8(1, 1, 1, 1, 3, 3, 3, 3)), 2, d)
}

/** Digits 0 .. count - 1 of 8 bytes (i16x8), those of the same rank together, `apart` bytes from the next. */
// @ts-ignore: decorator
@inline
function digits(out: usize, apart: usize, step: usize, bytes: v128, count: i32, d: f32): void {
  const low = i16x8.splat(255)
  const advance = i16x8.splat(count == 5 ? 3 : 9)
  for (let n = 0; n < count; n++) {
    bytes = v128.and(bytes, low)
    store8(out, step, i16x8.shr_u(i16x8.mul(bytes, i16x8.splat(3)), 8), f32x4.splat(-1), f32x4.splat(d))
    bytes = i16x8.mul(bytes, advance)
    out += apart
  }
}

/** TQ2_0: bits 2n and 2n + 1 of 32 bytes are 32 elements + 1. */
// @ts-ignore: decorator
@inline
function twoBits(out: usize, step: usize, w: usize, d: f32): void {
  for (let p: usize = 0; p < 32; p++) {
    const bytes = v128.load8x8_u(w + 32 * (p >> 4) + 8 * (p & 3))
    const codes = v128.and(i16x8.shr_u(bytes, 2 * (<i32>(p >> 2) & 3)), i16x8.splat(3))
    store8(out, step, codes, f32x4.splat(-1), f32x4.splat(d))
    out += step << 3
  }
}

/** Q1_0: bit e of 16 bytes says whether element e is d or -d. */
// @ts-ignore: decorator
@inline
function oneBit(out: usize, step: usize, w: usize, d: f32): void {
  for (let p: usize = 0; p < 16; p++) {
    store8(out, step, signed(i16x8.splat(1), ~<u32>load<u8>(w + p, 2) & 255), f32x4.splat(0), f32x4.splat(d))
    out += step << 3
  }
}

/** Q2_0: bits 2e and 2e + 1 of 16 bytes are element e + 1. */
// @ts-ignore: decorator
@inline
function bitPairs(out: usize, step: usize, w: usize, d: f32): void {
  for (let p: usize = 0; p < 8; p++) {
    const word = i16x8.splat(<i16>load<u16>(w + 2 * p, 2))
    // Every lane's pair to its top, then down.
    const codes = i16x8.shr_u(i16x8.mul(word, i16x8(1 << 14, 1 << 12, 1 << 10, 1 << 8, 1 << 6, 1 << 4, 1 << 2, 1)), 14)
    store8(out, step, codes, f32x4.splat(-1), f32x4.splat(d))
    out += step << 3
  }
}

/** NVFP4: floats of four bits, doubled so that they are whole, with a scale for each 16. */
// @ts-ignore: decorator
@inline
function tinyFloats(out: usize, step: usize, w: usize): void {
  const doubled = i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)
  for (let part: u32 = 0; part < 4; part++) {
    const scale = f32x4.splat(tinyScale(w, part))
    const bytes = v128.load64_zero(w + 8 * part, 4)
    const low = i8x16.swizzle(doubled, v128.and(bytes, i8x16.splat(15)))
    const high = i8x16.swizzle(doubled, i8x16.shr_u(bytes, 4))
    store8(out, step, i16x8.extend_low_i8x16_s(low), f32x4.splat(0), scale)
    store8(out + (step << 3), step, i16x8.extend_low_i8x16_s(high), f32x4.splat(0), scale)
    out += step << 4
  }
}

/** (values + shift) * scale of i16x8, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function store8(out: usize, step: usize, values: v128, shift: v128, scale: v128): void {
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
