// Blocks as they are in the file (the block structs of ggml-common.h in ggml-org/ggml), of the types
// that have no products of their own. A piece is 8 consecutive elements; a part is 32. Blocks have 256 elements unless
// said otherwise.
//
// IQ2_XXS 66 bytes   0 d half    2 per part: u8[4] low bytes of the indices, u32 signs 7 bits each, scale in the top 4
// IQ2_XS  74         0 d half    2 u16[32] index 9 bits, signs 7 bits               66 scales: nibble per 16 elements
// IQ2_S   82         0 d half    2 u8[32] low bytes   34 u8[32] signs   66 two high bits each   74 scales, likewise
// IQ3_XXS 98         0 d half    2 u8[64]             66 per part: u32 signs 7 bits each, scale in the top 4
// IQ3_S  110         0 d half    2 u8[64] low bytes   66 high bits   74 u8[32] signs   106 scales: nibble per part
// IQ1_S   50         0 d half    2 u8[32] low bytes   34 per part: u16 high bits 3 each, scale 3, sign of the shift
// IQ1_M   56         0 u8[32] low bytes   32 nibble per piece: high bits 3, sign of the shift   48 u16[4]: scales 3 bits
//                    per 16 elements; their top nibbles are d half
// TQ1_0   54         0 u8[48] five ternary digits each   48 u8[4] four each   52 d half
// TQ2_0   66         0 u8[64] two bits each   64 d half
// Q1_0    18 of 128  0 d half    2 u8[16] a bit each: d or -d
// Q2_0    18 of 64   0 d half    2 u8[16] two bits each
// NVFP4   36 of 64   0 u8[4] a scale per 16 elements: exponent 4 bits, mantissa 3   4 u8[8] for each of them: low nibbles
//                    its first 8 elements, high ones the others
import { C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, same } from './constants'
import { halfToFloatScalar } from './half'

/** Types (see constants.ts). */
export type IQ2_XXS = C0
export type IQ2_XS = C1
export type IQ2_S = C2
export type IQ3_XXS = C3
export type IQ3_S = C4
export type IQ1_S = C5
export type IQ1_M = C6
export type TQ1_0 = C7
export type TQ2_0 = C8
export type Q1_0 = C9
export type Q2_0 = C10
export type NVFP4 = C11

// @ts-ignore: decorator
@inline
export function fileBlockElements<T>(): usize {
  if (same<T, Q1_0>()) return 128
  return same<T, Q2_0>() || same<T, NVFP4>() ? 64 : 256
}

// @ts-ignore: decorator
@inline
export function fileBlockBytes<T>(): usize {
  if (same<T, IQ2_XXS>() || same<T, TQ2_0>()) return 66
  if (same<T, IQ2_XS>()) return 74
  if (same<T, IQ2_S>()) return 82
  if (same<T, IQ3_XXS>()) return 98
  if (same<T, IQ3_S>()) return 110
  if (same<T, IQ1_S>()) return 50
  if (same<T, IQ1_M>()) return 56
  if (same<T, Q1_0>() || same<T, Q2_0>()) return 18
  if (same<T, NVFP4>()) return 36
  return 54
}

/** The scale d of the block, of a type that has one. */
// @ts-ignore: decorator
@inline
export function blockScale<T>(w: usize): f32 {
  if (same<T, TQ1_0>()) return half(load<u16>(w, 52))
  if (same<T, TQ2_0>()) return half(load<u16>(w, 64))
  if (!same<T, IQ1_M>()) return half(load<u16>(w))
  const low = (load<u16>(w, 48) >> 12) | ((load<u16>(w, 50) >> 8) & 0xf0)
  return half(low | ((load<u16>(w, 52) >> 4) & 0xf00) | (load<u16>(w, 54) & 0xf000))
}

/** What the elements of piece `p` are multiplied with, `d` being the block's scale. */
// @ts-ignore: decorator
@inline
export function pieceScale<T>(w: usize, p: u32, d: f32): f32 {
  if (same<T, IQ2_XXS>()) return d * (<f32>(load<u32>(w + 8 * (p >> 2), 6) >> 28) + 0.5) * 0.25
  if (same<T, IQ2_XS>()) return d * (<f32>nibble(w + 66, p >> 1) + 0.5) * 0.25
  if (same<T, IQ2_S>()) return d * (<f32>nibble(w + 74, p >> 1) + 0.5) * 0.25
  if (same<T, IQ3_XXS>()) return d * (<f32>(load<u32>(w + 4 * (p >> 2), 66) >> 28) + 0.5) * 0.5
  if (same<T, IQ3_S>()) return d * odd(nibble(w + 106, p >> 2))
  if (same<T, IQ1_S>()) return d * odd((load<u16>(w + 2 * (p >> 2), 34) >> 12) & 7)
  return d * odd((<u32>load<u16>(w + 2 * (p >> 3), 48) >> (3 * ((p >> 1) & 3))) & 7)
}

/** NVFP4: half the scale of the 16 elements `part`, for codes are doubled; all ones are no number, and count as 0. */
export function tinyScale(w: usize, part: u32): f32 {
  const bits: u32 = load<u8>(w + part)
  if (bits == 0x7f) return 0
  const exponent = (bits >> 3) & 15
  const mantissa = bits & 7
  return exponent == 0 ? <f32>mantissa * 0.0009765625 : reinterpret<f32>(((exponent + 119) << 23) | (mantissa << 20))
}

/** Bit i: element i of piece `p` is negative. Seven bits are stored, the eighth makes their number even. */
// @ts-ignore: decorator
@inline
export function pieceSigns<T>(w: usize, p: u32): u32 {
  if (same<T, IQ2_S>()) return load<u8>(w + p, 34)
  if (same<T, IQ3_S>()) return load<u8>(w + p, 74)
  let seven: u32
  if (same<T, IQ2_XS>()) seven = load<u16>(w + 2 * p, 2) >> 9
  else if (same<T, IQ2_XXS>()) seven = (load<u32>(w + 8 * (p >> 2), 6) >> (7 * (p & 3))) & 127
  else seven = (load<u32>(w + 4 * (p >> 2), 66) >> (7 * (p & 3))) & 127
  return seven | ((popcnt(seven) & 1) << 7)
}

/** The index of piece `p` in the codebook: a vector of 8. */
// @ts-ignore: decorator
@inline
export function pieceIndex<T>(w: usize, p: u32): usize {
  if (same<T, IQ2_XXS>()) return load<u8>(w + 8 * (p >> 2) + (p & 3), 2)
  if (same<T, IQ2_XS>()) return load<u16>(w + 2 * p, 2) & 511
  if (same<T, IQ2_S>()) {
    return <usize>load<u8>(w + p, 2) | (<usize>((load<u8>(w + (p >> 2), 66) >> (2 * (p & 3))) & 3) << 8)
  }
  if (same<T, IQ1_S>()) {
    return <usize>load<u8>(w + p, 2) | (<usize>((load<u16>(w + 2 * (p >> 2), 34) >> (3 * (p & 3))) & 7) << 8)
  }
  return <usize>load<u8>(w + p) | (<usize>(nibble(w + 32, p) & 7) << 8)
}

/** IQ3 types: the index of quad `q` (0..63) in the codebook, a vector of 4. */
// @ts-ignore: decorator
@inline
export function quadIndex<T>(w: usize, q: u32): usize {
  const low = <usize>load<u8>(w + q, 2)
  return same<T, IQ3_S>() ? low | (<usize>((load<u8>(w + (q >> 3), 66) >> (q & 7)) & 1) << 8) : low
}

/** IQ1 types: what is added to the elements of piece `p` before they are scaled. */
// @ts-ignore: decorator
@inline
export function pieceShift<T>(w: usize, p: u32): f32 {
  const negative = same<T, IQ1_S>() ? load<u16>(w + 2 * (p >> 2), 34) >> 15 : nibble(w + 32, p) >> 3
  return negative ? -0.125 : 0.125
}

/** 2i + 1. */
// @ts-ignore: decorator
@inline
function odd(i: u32): f32 {
  return <f32>((i << 1) | 1)
}

/** Nibble `i` of the bytes at `at`, low ones first. */
// @ts-ignore: decorator
@inline
function nibble(at: usize, i: u32): u32 {
  return (<u32>load<u8>(at + (i >> 1)) >> (4 * (i & 1))) & 15
}

// @ts-ignore: decorator
@inline
function half(bits: u16): f32 {
  return halfToFloatScalar(bits)
}
