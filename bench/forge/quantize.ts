// Float rows to tensor data of the types that models are forged in. Q8_0 and Q4_0 give the bytes of ggml's reference quantization; the
// K types are simpler than ggml's (no search for better scales) in the same layout.
import { type ComputableType, ggmlType, rowBytes } from '../../engine/gguf/ggml-types.ts'
import { bfloatBits, halfBits } from './half.ts'
import { quantizeQ4K, quantizeQ5K, quantizeQ6K } from './quantize-k.ts'

const f = Math.fround

/** Writes the data of `values`, a row or a block, to `out`. */
type Quantizer = (values: Float32Array, out: DataView) => void

/** Types that weights can be quantized to. */
export const FORGED_TYPES = [
  'F32',
  'F16',
  'BF16',
  'Q8_0',
  'Q4_0',
  'Q4_K',
  'Q5_K',
  'Q6_K',
] as const satisfies ComputableType[]
export type ForgedType = (typeof FORGED_TYPES)[number]

export const isForged = (name: string): name is ForgedType => (FORGED_TYPES as readonly string[]).includes(name)

/** The type of a matrix whose rows of `inputs` elements are not whole blocks falls back to F16, as in llama.cpp's quantizer. */
export function fittingType(type: ForgedType, inputs: number): ForgedType {
  return inputs % ggmlType(type).blockElements === 0 ? type : 'F16'
}

const QUANTIZERS: Readonly<Record<ForgedType, Quantizer>> = {
  F32: elementwise(4, (out, at, value) => out.setFloat32(at, value, true)),
  F16: elementwise(2, (out, at, value) => out.setUint16(at, halfBits(value), true)),
  BF16: elementwise(2, (out, at, value) => out.setUint16(at, bfloatBits(value), true)),
  Q8_0: blockwise('Q8_0', quantizeQ8),
  Q4_0: blockwise('Q4_0', quantizeQ4),
  Q4_K: blockwise('Q4_K', quantizeQ4K),
  Q5_K: blockwise('Q5_K', quantizeQ5K),
  Q6_K: blockwise('Q6_K', quantizeQ6K),
}

/** The elements of a row as data of `type`; the row is a whole number of blocks. */
export function quantizeRow(type: ForgedType, values: Float32Array): Uint8Array {
  const out = new Uint8Array(rowBytes(type, values.length))
  QUANTIZERS[type](values, new DataView(out.buffer))
  return out
}

function elementwise(bytes: number, write: (out: DataView, at: number, value: number) => void): Quantizer {
  return (values, out) => {
    for (let i = 0; i < values.length; i++) write(out, i * bytes, values[i]!)
  }
}

function blockwise(type: ForgedType, quantize: Quantizer): Quantizer {
  const { blockElements, blockBytes } = ggmlType(type)
  return (values, out) => {
    for (let block = 0; block * blockElements < values.length; block++) {
      const begin = block * blockElements
      quantize(values.subarray(begin, begin + blockElements), new DataView(out.buffer, block * blockBytes, blockBytes))
    }
  }
}

/** d = max|x| / 127; codes are rounded half away from zero with the unrounded 1 / d. */
function quantizeQ8(values: Float32Array, out: DataView): void {
  const scale = f(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127)
  const inverse = scale === 0 ? 0 : f(1 / scale)
  out.setUint16(0, halfBits(scale), true)
  values.forEach((value, i) => {
    const scaled = f(value * inverse)
    out.setInt8(2 + i, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5))
  })
}

/** d = x / -8 for the x of largest magnitude, so that one becomes code 0; codes are x / d + 8 rounded. */
function quantizeQ4(values: Float32Array, out: DataView): void {
  const most = values.reduce((found, value) => (Math.abs(value) > Math.abs(found) ? value : found), 0)
  const scale = f(most / -8)
  const inverse = scale === 0 ? 0 : f(1 / scale)
  const code = (i: number) => Math.min(15, Math.trunc(f(f(values[i]! * inverse) + 8.5)))
  out.setUint16(0, halfBits(scale), true)
  for (let i = 0; i < 16; i++) out.setUint8(2 + i, code(i) | (code(i + 16) << 4))
}
