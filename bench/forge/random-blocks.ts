// Blocks of types that the forge cannot quantize to: any codes, with scales that give the weights a wanted deviation. Enough
// for models that cost what real ones cost, not for models that say something. Layouts: ggml-common.h of ggml-org/ggml.
import { type ComputableType, ggmlType, rowBytes } from '../../engine/gguf/ggml-types.ts'
import { halfBits } from './half.ts'
import type { ForgedType } from './quantize.ts'

export type DrawnType = Exclude<ComputableType, ForgedType>

/** Half floats of a block: where, and the value with which random codes have a deviation of 1. */
type Scales = readonly (readonly [at: number, value: number])[]

const SCALES: Readonly<Record<string, Scales>> = {
  Q4_1: [
    [0, 0.217],
    [2, -1.63],
  ],
  Q5_0: [[0, 0.108]],
  Q5_1: [
    [0, 0.108],
    [2, -1.68],
  ],
  Q2_K: [
    [80, 0.072],
    [82, 0.108],
  ],
  Q3_K: [[108, 0.0231]],
  IQ4_NL: [[0, 0.0149]],
  IQ4_XS: [[0, 0.00081]],
  IQ2_XXS: [[0, 0.0187]],
  IQ2_XS: [[0, 0.0178]],
  IQ2_S: [[0, 0.0177]],
  IQ3_XXS: [[0, 0.00704]],
  IQ3_S: [[0, 0.00712]],
  IQ1_S: [[0, 0.139]],
  TQ1_0: [[52, 1.22]],
  TQ2_0: [[64, 1.41]],
  Q1_0: [[0, 1]],
  Q2_0: [[0, 1.22]],
}
const IQ1_M_SCALE = 0.139
/** The values of MXFP4's codes deviate by 5.85; its scale is 2 to the power of a byte less 128. */
const MXFP4_SCALE = 1 / 5.85
/** So are NVFP4's, where a scale byte of 8n is 2 to the power of n less 8, for each of four parts. */
const NVFP4_SCALES = 4

/** `elements` weights, whole blocks, whose codes are drawn with `nextWord`. */
export function randomBlocks(
  type: DrawnType,
  elements: number,
  deviation: number,
  nextWord: () => number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(rowBytes(type, elements))
  for (let i = 0; i < bytes.length; i++) bytes[i] = nextWord() >>> 24
  if (type === 'TQ2_0' || type === 'Q2_0') {
    // Codes are 0 to 2: of two set bits the upper one goes.
    for (const [i, byte] of bytes.entries()) bytes[i] = byte & ~((byte & 0x55) << 1)
  }
  const { blockBytes } = ggmlType(type)
  for (let at = 0; at < bytes.length; at += blockBytes) {
    writeScales(type, new DataView(bytes.buffer, at, blockBytes), deviation)
  }
  return bytes
}

function writeScales(type: DrawnType, block: DataView, deviation: number): void {
  if (type === 'MXFP4') return block.setUint8(0, 128 + Math.round(Math.log2(deviation * MXFP4_SCALE)))
  if (type === 'NVFP4') {
    const byte = 8 * Math.min(15, Math.max(1, 8 + Math.round(Math.log2(deviation * MXFP4_SCALE))))
    for (let part = 0; part < NVFP4_SCALES; part++) block.setUint8(part, byte)
    return
  }
  if (type === 'IQ1_M') return writeSpreadScale(block, halfBits(deviation * IQ1_M_SCALE))
  const scales = SCALES[type]
  if (scales === undefined) throw new Error(`${type}: no scale is known that gives random codes a deviation`)
  for (const [at, value] of scales) block.setUint16(at, halfBits(deviation * value), true)
}

/** IQ1_M keeps the four nibbles of its scale at the top of four words. */
function writeSpreadScale(block: DataView, bits: number): void {
  for (let i = 0; i < 4; i++) {
    const word = block.getUint16(48 + 2 * i, true)
    block.setUint16(48 + 2 * i, (word & 0xfff) | (((bits >> (4 * i)) & 15) << 12), true)
  }
}
