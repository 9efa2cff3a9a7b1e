// Blocks of 256 elements with two levels of scales. Layouts: block_q4_K, block_q5_K and block_q6_K of ggml-common.h.
import { halfBits, halfValue, nearestEven } from './half.ts'

const SUB_BLOCKS = 8

/** f16 d, f16 dmin, 8 pairs of 6-bit (scale, min) in 12 bytes, 256 nibbles: x = d * scale * code - dmin * min. */
export function quantizeQ4K(values: Float32Array, out: DataView): void {
  const codes = codesWithMinima(values, out, 15)
  storeNibbles(out, 16, codes)
}

/** As Q4_K, but with 32 bytes before the nibbles: bit `sub` of byte i is the fifth of element i of that sub-block. */
export function quantizeQ5K(values: Float32Array, out: DataView): void {
  const codes = codesWithMinima(values, out, 31)
  for (let i = 0; i < 32; i++) {
    let fifths = 0
    for (let sub = 0; sub < SUB_BLOCKS; sub++) fifths |= (codes[sub * 32 + i]! >> 4) << sub
    out.setUint8(16 + i, fifths)
  }
  storeNibbles(out, 48, codes)
}

/** Writes d, dmin and the pairs; returns codes up to `most`. */
function codesWithMinima(values: Float32Array, out: DataView, most: number): Uint8Array {
  const scales: number[] = []
  const mins: number[] = []
  for (let sub = 0; sub < SUB_BLOCKS; sub++) {
    const part = values.subarray(sub * 32, sub * 32 + 32)
    const least = Math.min(0, ...part)
    scales.push((Math.max(0, ...part) - least) / most)
    mins.push(-least)
  }
  const d = storeHalf(out, 0, Math.max(...scales) / 63)
  const dmin = storeHalf(out, 2, Math.max(...mins) / 63)
  const codes = new Uint8Array(256)
  for (let sub = 0; sub < SUB_BLOCKS; sub++) {
    const scale = d === 0 ? 0 : clamp(nearestEven(scales[sub]! / d), 0, 63)
    const min = dmin === 0 ? 0 : clamp(nearestEven(mins[sub]! / dmin), 0, 63)
    storeScalePair(out, sub, scale, min)
    for (let i = sub * 32; i < sub * 32 + 32; i++) {
      const shifted = values[i]! + dmin * min
      codes[i] = d * scale === 0 ? 0 : clamp(nearestEven(shifted / (d * scale)), 0, most)
    }
  }
  return codes
}

/** Two sub-blocks share 32 bytes: the even one has the low nibbles. */
function storeNibbles(out: DataView, at: number, codes: Uint8Array): void {
  for (let i = 0; i < 128; i++) {
    const even = (i >> 5) * 64 + (i & 31)
    out.setUint8(at + i, (codes[even]! & 15) | ((codes[even + 32]! & 15) << 4))
  }
}

/** The first four pairs have bytes of their own; the others' upper two bits go to the top of those. */
function storeScalePair(out: DataView, sub: number, scale: number, min: number): void {
  const at = 4
  if (sub < 4) {
    out.setUint8(at + sub, scale)
    out.setUint8(at + sub + 4, min)
    return
  }
  out.setUint8(at + sub + 4, (scale & 15) | ((min & 15) << 4))
  out.setUint8(at + sub - 4, out.getUint8(at + sub - 4) | ((scale >> 4) << 6))
  out.setUint8(at + sub, out.getUint8(at + sub) | ((min >> 4) << 6))
}

/** 256 low nibbles, 256 upper pairs of bits, 16 int8 scales, f16 d: x = d * scale * (code - 32). */
export function quantizeQ6K(values: Float32Array, out: DataView): void {
  const scales: number[] = []
  for (let sub = 0; sub < 16; sub++) {
    const part = values.subarray(sub * 16, sub * 16 + 16)
    // The element of largest magnitude becomes the outermost code, -32.
    scales.push(part.reduce((found, value) => (Math.abs(value) > Math.abs(found) ? value : found), 0) / -32)
  }
  const d = storeHalf(out, 208, scales.reduce((found, s) => (Math.abs(s) > Math.abs(found) ? s : found), 0) / -128)
  const codes = new Uint8Array(256)
  for (let sub = 0; sub < 16; sub++) {
    const scale = d === 0 ? 0 : clamp(nearestEven(scales[sub]! / d), -128, 127)
    out.setInt8(192 + sub, scale)
    for (let i = sub * 16; i < sub * 16 + 16; i++) {
      codes[i] = d * scale === 0 ? 32 : clamp(nearestEven(values[i]! / (d * scale)), -32, 31) + 32
    }
  }
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < 32; i++) {
      const [a = 0, b = 0, c = 0, e = 0] = [0, 32, 64, 96].map((offset) => codes[half * 128 + offset + i]!)
      out.setUint8(half * 64 + i, (a & 15) | ((c & 15) << 4))
      out.setUint8(half * 64 + 32 + i, (b & 15) | ((e & 15) << 4))
      out.setUint8(128 + half * 32 + i, (a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((e >> 4) << 6))
    }
  }
}

/** Stores a scale and returns what a reader will see of it. */
function storeHalf(out: DataView, at: number, value: number): number {
  const half = halfBits(value)
  out.setUint16(at, half, true)
  return halfValue(half)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
