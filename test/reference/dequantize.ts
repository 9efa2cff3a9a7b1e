// Blocks of ggml's quantized types to float, element by element, from the structs of ggml-common.h in ggml-org/ggml
// and with the order of operations of its dequantization (each one rounded to f32).
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

export const QUANTIZED_TYPES: Readonly<Record<string, QuantizedType>> = {
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
