// Types without products of their own: dequantized in the lane's tile, then multiplied as floats.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GENERIC_TYPES, type GenericType, ggmlType } from '../../engine/gguf/ggml-types.ts'
import { dequantize } from '../reference/dequantize.ts'
import { hasHalfScale, setBlockScale } from '../reference/dequantize-generic.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { assertNear, assertSameFloats, randomFloats, seeded } from './harness.ts'
import { checkGgmlBlocks, checkGgmlRandomBlocks, checkMatrix, embedRow, type FileMatrix, product } from './matrix.ts'

const random = seeded(23)

/** Random codes, or all bytes `fill`; scales from `scale()`, as bits. */
function blocks(type: GenericType, rows: number, perRow: number, scale: () => number, fill?: number): FileMatrix {
  const { blockBytes, blockElements } = ggmlType(type)
  const bytes = Uint8Array.from({ length: rows * perRow * blockBytes }, () => fill ?? Math.floor(random() * 256))
  for (let at = 0; at < bytes.length; at += blockBytes) setBlockScale(type, new DataView(bytes.buffer, at), scale())
  return { type, rows, k: perRow * blockElements, bytes }
}

const normalScale = () => 0x1000 + Math.floor(random() * 0x1800) + (random() < 0.3 ? 0x8000 : 0)
const anyFiniteScale = () => Math.floor(random() * 0x7c00) + (random() < 0.5 ? 0x8000 : 0)

/** Types of which there are vectors of ggml's C code; the others were recorded, see below. */
const hasVectors = (type: GenericType) => !/^Q|^N/.test(type)

for (const type of GENERIC_TYPES) {
  test(`${type}: products of 1, 2, 3 and 5 blocks for every tail of rows`, () => {
    for (const perRow of [1, 2, 3, 5]) {
      for (const rows of [1, 7, 8, 9, 19]) {
        const matrix = blocks(type, rows, perRow, normalScale)
        checkMatrix(matrix, dequantize(type, matrix.bytes), randomFloats(random, 9 * matrix.k, 3), 1e-6)
      }
    }
  })

  test(`${type}: scales of every finite kind, and every code at its extremes`, () => {
    for (const scale of [anyFiniteScale, () => 0, () => 0x8000, () => 1, () => 0x7bff]) {
      const matrix = blocks(type, 11, 3, scale)
      checkMatrix(matrix, dequantize(type, matrix.bytes), randomFloats(random, 9 * matrix.k), 1e-6)
    }
    for (const fill of [0x00, 0x7f, 0x80, 0xff]) {
      const matrix = blocks(type, 9, 2, () => 0x3c00, fill)
      checkMatrix(matrix, dequantize(type, matrix.bytes), randomFloats(random, 9 * matrix.k), 1e-6)
    }
  })

  if (hasHalfScale(type)) {
    test(`${type}: an infinite or NaN scale gives no finite number, in its own row only`, () => {
      for (const bits of [0x7c00, 0xfc00, 0x7e00, 0xffff]) {
        const matrix = blocks(type, 11, 3, normalScale)
        const x = randomFloats(random, 3 * matrix.k)
        const before = product(matrix, x, 3)
        setBlockScale(type, new DataView(matrix.bytes.buffer, (9 * 3 + 1) * ggmlType(type).blockBytes), bits)
        const out = product(matrix, x, 3)
        for (let i = 0; i < 3; i++) {
          assert.not(Number.isFinite(out[i * 16 + 9]!), `scale ${bits.toString(16)}: ${out[i * 16 + 9]}`)
          out[i * 16 + 9] = before[i * 16 + 9]!
        }
        assertSameFloats(out, before, 'the other rows')
      }
    })
  }
  if (!hasVectors(type)) continue

  sharedTest(test, `${type}: ggml's own blocks`, 'vectors/quant', (folder) => {
    checkGgmlBlocks(type, folder, 1e-6)
    const floats = (name: string) => new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer)
    const bytes = new Uint8Array(readFileSync(join(folder, `${type}.blocks.bin`)))
    const out = product({ type, rows: 8, k: 512, bytes }, floats('activations.f32.bin'), 2)
    const { types } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
    const exact: number[] = types[type].dot_exact_f64_dequant_x_f32.flat()
    assertNear(out, exact, (i) => 1e-5 * Math.max(1, Math.abs(exact[i]!)), 'activations are not rounded')
  })

  sharedTest(test, `${type}: ggml's reading of random blocks`, 'vectors/quant', (folder) => {
    checkGgmlRandomBlocks(type, folder)
  })
}

test('tensor types Q1_0, Q2_0 and NVFP4: values to the bit as ggml reads random blocks', () => {
  const { types } = JSON.parse(readFileSync(repositoryPath('test/fixtures/file-blocks.json'), 'utf8'))
  const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
  for (const [type, { blocks, values }] of Object.entries<{ blocks: string; values: string }>(types)) {
    const bytes = bytesOf(blocks)
    const expected = new Float32Array(bytesOf(values).buffer)
    assertSameFloats(dequantize(type, bytes), expected, `${type}, the reference`)
    const k = ggmlType(type as GenericType).blockElements
    const matrix = { type, rows: expected.length / k, k, bytes }
    for (let row = 0; row < matrix.rows; row++) {
      assertSameFloats(embedRow(matrix, row), expected.subarray(row * k, (row + 1) * k), `${type}, row ${row}`)
    }
  }
})

test.run()
