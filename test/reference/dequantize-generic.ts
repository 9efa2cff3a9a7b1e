// Blocks of ggml's IQ1, IQ2, IQ3, TQ, Q1_0, Q2_0 and NVFP4 types to float, element by element, from the structs of ggml-common.h in
// ggml-org/ggml. The codebooks are the engine's: ggml's own dequantized blocks say whether they are right.

import type { GenericType } from '../../engine/gguf/ggml-types.ts'
import { type CodebookName, codebookVectors } from '../../engine/model/memory/codebooks.ts'
import type { QuantizedType } from './dequantize.ts'
import { halfToFloat } from './half.ts'

const f = Math.fround
const half = (view: DataView, at: number): number => halfToFloat(view.getUint16(at, true))
const nibbleAt = (view: DataView, at: number, i: number): number => (view.getUint8(at + (i >> 1)) >> (4 * (i & 1))) & 15

function codebook(name: CodebookName, elements: number): (index: number, element: number) => number {
  const vectors = codebookVectors(name)
  return (index, element) => vectors[index * elements + element]!
}
const IQ2_XXS = codebook('IQ2_XXS', 8)
const IQ2_XS = codebook('IQ2_XS', 8)
const IQ2_S = codebook('IQ2_S', 8)
const IQ3_XXS = codebook('IQ3_XXS', 4)
const IQ3_S = codebook('IQ3_S', 4)
const IQ1_S = codebook('IQ1_S', 8)

/** -1 where bit `i` is set; of seven bits the eighth makes an even number. */
const sign = (bits: number, i: number): number => ((bits >> i) & 1 ? -1 : 1)
const evenSign = (seven: number, i: number): number =>
  sign(seven | ([...seven.toString(2)].filter((digit) => digit === '1').length % 2 ? 128 : 0), i)

/** The digit of rank `n` (0 first) of a byte that is a fraction in base three. */
const ternary = (byte: number, n: number): number => ((((byte * 3 ** n) & 255) * 3) >> 8) - 1

function tq1Value(view: DataView, e: number): number {
  if (e < 160) return ternary(view.getUint8(e % 32), Math.floor(e / 32))
  if (e < 240) return ternary(view.getUint8(32 + ((e - 160) % 16)), Math.floor((e - 160) / 16))
  return ternary(view.getUint8(48 + (e % 4)), Math.floor((e - 240) / 4))
}

function iq1MValue(view: DataView, e: number): number {
  const p = e >> 3
  const scales = [0, 1, 2, 3].map((i) => view.getUint16(48 + 2 * i, true))
  const d = halfToFloat(scales.reduce((bits, word, i) => bits | ((word >> 12) << (4 * i)), 0))
  const scale = (scales[e >> 6]! >> (3 * ((e >> 4) & 3))) & 7
  const high = nibbleAt(view, 32, p)
  const element = IQ1_S(view.getUint8(p) | ((high & 7) << 8), e & 7)
  return f(f(d * (2 * scale + 1)) * (element + (high & 8 ? -0.125 : 0.125)))
}

const block = (bytes: number, value: QuantizedType['value']): QuantizedType => ({ elements: 256, bytes, value })

/** `p`: pieces of 8 elements, `part`s of 32. */
export const GENERIC_BLOCKS: Readonly<Record<string, QuantizedType>> = {
  IQ2_XXS: block(66, (view, e) => {
    const [p, part] = [e >> 3, 2 + 8 * (e >> 5)]
    const word = view.getUint32(part + 4, true)
    const scale = f(f(half(view, 0) * (0.5 + (word >>> 28))) * 0.25)
    return f(scale * IQ2_XXS(view.getUint8(part + (p & 3)), e & 7)) * evenSign((word >>> (7 * (p & 3))) & 127, e & 7)
  }),
  IQ2_XS: block(74, (view, e) => {
    const word = view.getUint16(2 + 2 * (e >> 3), true)
    const scale = f(f(half(view, 0) * (0.5 + nibbleAt(view, 66, e >> 4))) * 0.25)
    return f(scale * IQ2_XS(word & 511, e & 7)) * evenSign(word >> 9, e & 7)
  }),
  IQ2_S: block(82, (view, e) => {
    const p = e >> 3
    const index = view.getUint8(2 + p) | (((view.getUint8(66 + (p >> 2)) >> (2 * (p & 3))) & 3) << 8)
    const scale = f(f(half(view, 0) * (0.5 + nibbleAt(view, 74, e >> 4))) * 0.25)
    return f(scale * IQ2_S(index, e & 7)) * sign(view.getUint8(34 + p), e & 7)
  }),
  IQ3_XXS: block(98, (view, e) => {
    const word = view.getUint32(66 + 4 * (e >> 5), true)
    const scale = f(f(half(view, 0) * (0.5 + (word >>> 28))) * 0.5)
    const value = IQ3_XXS(view.getUint8(2 + (e >> 2)), e & 3)
    return f(scale * value) * evenSign((word >>> (7 * ((e >> 3) & 3))) & 127, e & 7)
  }),
  IQ3_S: block(110, (view, e) => {
    const quad = e >> 2
    const index = view.getUint8(2 + quad) | (((view.getUint8(66 + (quad >> 3)) >> (quad & 7)) & 1) << 8)
    const scale = f(half(view, 0) * (1 + 2 * nibbleAt(view, 106, e >> 5)))
    return f(scale * IQ3_S(index, e & 3)) * sign(view.getUint8(74 + (e >> 3)), e & 7)
  }),
  IQ1_S: block(50, (view, e) => {
    const p = e >> 3
    const word = view.getUint16(34 + 2 * (e >> 5), true)
    const index = view.getUint8(2 + p) | (((word >> (3 * (p & 3))) & 7) << 8)
    const scale = f(half(view, 0) * (2 * ((word >> 12) & 7) + 1))
    return f(scale * (IQ1_S(index, e & 7) + (word & 0x8000 ? -0.125 : 0.125)))
  }),
  IQ1_M: block(56, iq1MValue),
  TQ1_0: block(54, (view, e) => f(half(view, 52) * tq1Value(view, e))),
  TQ2_0: block(66, (view, e) => {
    const byte = view.getUint8(32 * (e >> 7) + (e & 31))
    return f(half(view, 64) * (((byte >> (2 * ((e >> 5) & 3))) & 3) - 1))
  }),
  Q1_0: {
    elements: 128,
    bytes: 18,
    value: (view, e) => half(view, 0) * ((view.getUint8(2 + (e >> 3)) >> (e & 7)) & 1 ? 1 : -1),
  },
  Q2_0: {
    elements: 64,
    bytes: 18,
    value: (view, e) => half(view, 0) * (((view.getUint8(2 + (e >> 2)) >> (2 * (e & 3))) & 3) - 1),
  },
  NVFP4: {
    elements: 64,
    bytes: 36,
    value: (view, e) => {
      const code = (view.getUint8(4 + 8 * (e >> 4) + (e & 7)) >> (e & 8 ? 4 : 0)) & 15
      const doubled = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12][code]!
      return f(tinyScale(view.getUint8(e >> 4)) * doubled)
    },
  },
}

/** Half of a scale of NVFP4: exponent 4 bits, mantissa 3. */
function tinyScale(bits: number): number {
  const [exponent, mantissa] = [(bits >> 3) & 15, bits & 7]
  if (bits === 0x7f) return 0
  return exponent === 0 ? mantissa * 2 ** -10 : (1 + mantissa / 8) * 2 ** (exponent - 8)
}

/** Types whose blocks have no scale in half floats. */
export const hasHalfScale = (type: GenericType): boolean => type !== 'NVFP4'

/** Writes the half float `bits` where a block keeps its scale, if it has one. */
export function setBlockScale(type: GenericType, block: DataView, bits: number): void {
  if (!hasHalfScale(type)) return
  if (type === 'TQ1_0') return block.setUint16(52, bits, true)
  if (type === 'TQ2_0') return block.setUint16(64, bits, true)
  if (type !== 'IQ1_M') return block.setUint16(0, bits, true)
  for (let i = 0; i < 4; i++) {
    const at = 48 + 2 * i
    block.setUint16(at, (block.getUint16(at, true) & 0xfff) | (((bits >> (4 * i)) & 15) << 12), true)
  }
}
