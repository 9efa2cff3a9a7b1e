import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KERNEL_TYPES } from '../../engine/gguf/ggml-types.ts'
import { activationFormat, packedBytes } from '../../engine/model/formats.ts'
import { dequantize, QUANTIZED_TYPES } from '../reference/dequantize.ts'
import { sharedTest } from '../shared.ts'
import { assertNear, assertSameFloats, randomFloats, seeded } from './harness.ts'
import {
  checkGgmlBlocks,
  checkGgmlRandomBlocks,
  checkManyRows,
  checkMatrix,
  type FileMatrix,
  product,
} from './matrix.ts'

const random = seeded(7)
const TYPES = KERNEL_TYPES.filter((type) => activationFormat(type) === 'q8')

/** Where each half-float scale of a file block lies. */
const SCALES: Readonly<Record<string, readonly number[]>> = {
  Q8_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ4_NL: [0],
  IQ4_XS: [0],
  MXFP4: [],
}

/** Random codes; scales of either sign from `scale()`, as bits. */
function randomMatrix(type: string, rows: number, blocks: number, scale: () => number): FileMatrix {
  const { elements, bytes } = QUANTIZED_TYPES[type]!
  const file = Uint8Array.from({ length: rows * blocks * bytes }, () => Math.floor(random() * 256))
  const view = new DataView(file.buffer)
  for (let block = 0; block < rows * blocks; block++) {
    for (const at of SCALES[type]!) view.setUint16(block * bytes + at, scale(), true)
    // An exponent of its own: the largest would leave f32's range.
    if (type === 'MXFP4') file[block * bytes] = 100 + Math.floor(random() * 50)
  }
  return { type, rows, k: blocks * elements, bytes: file }
}

const normalScale = () => 0x1000 + Math.floor(random() * 0x1800) + (random() < 0.3 ? 0x8000 : 0)
const anyFiniteScale = () => Math.floor(random() * 0x7c00) + (random() < 0.5 ? 0x8000 : 0)
const smallScale = () => Math.floor(random() * 0x0500)

for (const type of TYPES) {
  const { elements } = QUANTIZED_TYPES[type]!

  test(`${type}: products of 1, 2, 3, 5 and 9 blocks for every tail of rows`, () => {
    for (const blocks of elements === 32 ? [1, 2, 3, 5, 9, 40] : [1, 2, 3, 5]) {
      for (const rows of [1, 7, 8, 9, 19]) {
        const matrix = randomMatrix(type, rows, blocks, normalScale)
        checkMatrix(matrix, dequantize(type, matrix.bytes), randomFloats(random, 9 * matrix.k, 3), 1e-6)
      }
    }
  })

  test(`${type}: outputs do not depend on the rows beside them`, () => {
    const matrix = randomMatrix(type, 144, 3, normalScale)
    checkManyRows(matrix, randomFloats(random, 7 * matrix.k, 3))
  })

  test(`${type}: scales of every finite kind`, () => {
    for (const scale of [anyFiniteScale, smallScale, () => 0, () => 0x8000, () => 1, () => 0x7bff]) {
      const matrix = randomMatrix(type, 11, 3, scale)
      checkMatrix(matrix, dequantize(type, matrix.bytes), randomFloats(random, 9 * matrix.k), 1e-6)
    }
  })

  test(`${type}: extreme codes and activations are exact`, () => {
    for (const byte of [0x00, 0x7f, 0x80, 0x88, 0xff]) {
      const matrix = randomMatrix(type, 9, 2, () => 0x3c00)
      const scales = new Set(type === 'MXFP4' ? [0] : SCALES[type]!.flatMap((at) => [at, at + 1]))
      const { bytes } = QUANTIZED_TYPES[type]!
      for (let i = 0; i < matrix.bytes.length; i++) if (!scales.has(i % bytes)) matrix.bytes[i] = byte
      const { k } = matrix
      const signs = [() => 1, () => -1, (i: number) => (i % 2 ? 1 : -1), (i: number) => (i % 5 ? 1 : -1)]
      const x = Float32Array.from({ length: 9 * k }, (_, i) => signs[Math.floor(i / k) % 4]!(i) * 127)
      checkMatrix(matrix, dequantize(type, matrix.bytes), x, 2e-7)
    }
  })

  test(`${type}: an infinite or NaN scale gives no finite number, in its own row only`, () => {
    for (const [at] of SCALES[type]!.map((offset) => [offset] as const)) {
      for (const bits of [0x7c00, 0xfc00, 0x7e00, 0xffff]) {
        const matrix = randomMatrix(type, 11, 3, normalScale)
        const { bytes } = QUANTIZED_TYPES[type]!
        const x = randomFloats(random, 5 * matrix.k)
        const before = product(matrix, x, 5)
        new DataView(matrix.bytes.buffer).setUint16((9 * 3 + 1) * bytes + at, bits, true)
        for (const n of [1, 2, 5]) {
          const out = product(matrix, x, n)
          for (let i = 0; i < n; i++) {
            assert.not(Number.isFinite(out[i * 16 + 9]!), `scale ${bits.toString(16)}: ${out[i * 16 + 9]}`)
            out[i * 16 + 9] = before[i * 16 + 9]!
          }
          assertSameFloats(out, before.subarray(0, n * 16), 'the other rows')
        }
      }
    }
  })

  test(`${type}: a NaN or infinite activation gives NaN in its row of outputs only`, () => {
    const matrix = randomMatrix(type, 8, 3, normalScale)
    const x = randomFloats(random, 5 * matrix.k)
    const before = product(matrix, x, 5)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const broken = x.slice()
      broken[2 * matrix.k + 33] = bad
      const expected = before.map((value, j) => (j >> 3 === 2 ? Number.NaN : value))
      assertSameFloats(product(matrix, broken, 5), expected, `${bad}`)
    }
  })

  test(`${type}: zero weights and zero activations give zero`, () => {
    const matrix = randomMatrix(type, 8, 2, () => 0)
    if (type === 'MXFP4') matrix.bytes.fill(0)
    assertNear(product(matrix, randomFloats(random, matrix.k), 1), new Float32Array(8), 0, 'zero scales')
    const filled = randomMatrix(type, 8, 2, normalScale)
    assertNear(product(filled, new Float32Array(matrix.k), 1), new Float32Array(8), 0, 'zero activations')
  })

  test(`${type}: repacked bytes stay within 1.03 of the file's`, () => {
    const { bytes } = QUANTIZED_TYPES[type]!
    assert.ok(packedBytes(type, 64, elements * 8) <= 64 * 8 * bytes * 1.03)
  })

  sharedTest(test, `${type}: ggml's own blocks`, 'vectors/quant', (folder) => checkGgmlBlocks(type, folder, 1e-5))

  sharedTest(test, `${type}: ggml's reading of random blocks`, 'vectors/quant', (folder) => {
    checkGgmlRandomBlocks(type, folder)
  })
}

test.run()
