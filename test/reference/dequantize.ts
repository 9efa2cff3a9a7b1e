// Blocks of ggml's quantized types to float, element by element, from the structs of ggml-common.h in ggml-org/ggml
// and with the order of operations of its dequantization (each one rounded to f32).
import { GENERIC_BLOCKS } from './dequantize-generic.ts'
import { halfToFloat } from './half.ts'

const f = Math.fround

export interface QuantizedType {
  readonly elements: number
  readonly bytes: number
  /** Value of element `e` of the block in `view`. */
  readonly value: (view: DataView, e: number) => number
}

const half = (view: DataView, at: number): number => halfToFloat(view.getUint16(at, true))
const nibble = (byte: number, high: boolean): number => (high ? byte >>> 4 : byte & 15)

/** The 6-bit scale and minimum of sub-block `b` of a Q4_K or Q5_K block. */
function scaleAndMinimum(view: DataView, b: number): [scale: number, minimum: number] {
  const byte = (i: number) => view.getUint8(4 + i)
  if (b < 4) return [byte(b) & 63, byte(b + 4) & 63]
  return [(byte(b + 4) & 15) | ((byte(b - 4) >>> 6) << 4), (byte(b + 4) >>> 4) | ((byte(b) >>> 6) << 4)]
}

/** Bit `e` of a little-endian bit string. */
const bit = (view: DataView, at: number, e: number): number => (view.getUint8(at + (e >>> 3)) >>> (e & 7)) & 1

/** kvalues_iq4nl and kvalues_mxfp4. */
const IQ4_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
const MXFP4_VALUES = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

/** Nibble of element `e` of 32 in the 16 bytes at `at`: low nibbles first. */
const nibbleOf = (view: DataView, at: number, e: number): number => nibble(view.getUint8(at + (e % 16)), e >= 16)

/** The signed 6-bit scale of the 16 elements `part` of a Q3_K block. */
function q3Scale(view: DataView, part: number): number {
  const low = nibble(view.getUint8(96 + (part % 8)), part >= 8)
  const high = (view.getUint8(104 + (part % 4)) >>> (2 * (part >>> 2))) & 3
  return (low | (high << 4)) - 32
}

export const QUANTIZED_TYPES: Readonly<Record<string, QuantizedType>> = {
  ...GENERIC_BLOCKS,
  Q8_0: { elements: 32, bytes: 34, value: (view, e) => f(half(view, 0) * view.getInt8(2 + e)) },
  Q4_0: {
    elements: 32,
    bytes: 18,
    value: (view, e) => f(half(view, 0) * (nibble(view.getUint8(2 + (e % 16)), e >= 16) - 8)),
  },
  Q4_K: {
    elements: 256,
    bytes: 144,
    value: (view, e) => {
      const b = e >>> 5
      const [scale, minimum] = scaleAndMinimum(view, b)
      const code = nibble(view.getUint8(16 + 32 * (b >>> 1) + (e % 32)), b % 2 === 1)
      return f(f(f(half(view, 0) * scale) * code) - f(half(view, 2) * minimum))
    },
  },
  Q6_K: {
    elements: 256,
    bytes: 210,
    value: (view, e) => {
      const [part, block, l] = [e >>> 7, (e >>> 5) & 3, e & 31]
      const low = nibble(view.getUint8(64 * part + 32 * (block & 1) + l), block >= 2)
      const high = (view.getUint8(128 + 32 * part + l) >>> (2 * block)) & 3
      return f(f(half(view, 208) * view.getInt8(192 + (e >>> 4))) * ((low | (high << 4)) - 32))
    },
  },
  Q4_1: {
    elements: 32,
    bytes: 20,
    value: (view, e) => f(f(half(view, 0) * nibbleOf(view, 4, e)) + half(view, 2)),
  },
  Q5_0: {
    elements: 32,
    bytes: 22,
    value: (view, e) => f(half(view, 0) * ((nibbleOf(view, 6, e) | (bit(view, 2, e) << 4)) - 16)),
  },
  Q5_1: {
    elements: 32,
    bytes: 24,
    value: (view, e) => f(f(half(view, 0) * (nibbleOf(view, 8, e) | (bit(view, 4, e) << 4))) + half(view, 2)),
  },
  Q2_K: {
    elements: 256,
    bytes: 84,
    value: (view, e) => {
      const both = view.getUint8(e >>> 4)
      const code = (view.getUint8(16 + 32 * (e >>> 7) + (e & 31)) >>> (2 * ((e >>> 5) & 3))) & 3
      return f(f(f(half(view, 80) * (both & 15)) * code) - f(half(view, 82) * (both >>> 4)))
    },
  },
  Q3_K: {
    elements: 256,
    bytes: 110,
    value: (view, e) => {
      const low = (view.getUint8(32 + 32 * (e >>> 7) + (e & 31)) >>> (2 * ((e >>> 5) & 3))) & 3
      const high = (view.getUint8(e & 31) >>> (e >>> 5)) & 1
      return f(f(half(view, 108) * q3Scale(view, e >>> 4)) * (low - (high ? 0 : 4)))
    },
  },
  Q5_K: {
    elements: 256,
    bytes: 176,
    value: (view, e) => {
      const b = e >>> 5
      const [scale, minimum] = scaleAndMinimum(view, b)
      const low = nibble(view.getUint8(48 + 32 * (b >>> 1) + (e % 32)), b % 2 === 1)
      const code = low | (((view.getUint8(16 + (e % 32)) >>> b) & 1) << 4)
      return f(f(f(half(view, 0) * scale) * code) - f(half(view, 2) * minimum))
    },
  },
  IQ4_NL: { elements: 32, bytes: 18, value: (view, e) => f(half(view, 0) * IQ4_VALUES[nibbleOf(view, 2, e)]!) },
  IQ4_XS: {
    elements: 256,
    bytes: 136,
    value: (view, e) => {
      const b = e >>> 5
      const low = nibble(view.getUint8(4 + (b >>> 1)), b % 2 === 1)
      const high = (view.getUint16(2, true) >>> (2 * b)) & 3
      const scale = f(half(view, 0) * ((low | (high << 4)) - 32))
      return f(scale * IQ4_VALUES[nibbleOf(view, 8 + 16 * b, e % 32)]!)
    },
  },
  MXFP4: {
    elements: 32,
    bytes: 17,
    value: (view, e) => f(2 ** (view.getUint8(0) - 128) * MXFP4_VALUES[nibbleOf(view, 1, e)]!),
  },
}

/** All elements of whole blocks. */
export function dequantize(type: string, blocks: Uint8Array): Float32Array {
  const { elements, bytes, value } = QUANTIZED_TYPES[type]!
  const out = new Float32Array((blocks.length / bytes) * elements)
  for (let block = 0; block * bytes < blocks.length; block++) {
    const view = new DataView(blocks.buffer, blocks.byteOffset + block * bytes, bytes)
    for (let e = 0; e < elements; e++) out[block * elements + e] = value(view, e)
  }
  return out
}
