// Runs the kernels of one weight type on a whole matrix, as the engine would.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type GgmlTypeName, isGeneric } from '../../engine/gguf/ggml-types.ts'
import {
  activationBytes,
  activationFormat,
  MATMUL_SCRATCH_BYTES,
  matrixKernels,
  packedBytes,
  q8HalfBytes,
  tileBytes,
} from '../../engine/model/formats.ts'
import type { Kernels } from '../../engine/model/kernels.ts'
import { bindMatrix, type Matrix } from '../../engine/model/matrix.ts'
import { codebookOf, codebookVectors } from '../../engine/model/memory/codebooks.ts'
import { matmul } from '../reference/matmul.ts'
import { quantizeQ8 } from '../reference/quantize-q8.ts'
import { type Arena, assertNear, assertSameFloats, onAllBuilds } from './harness.ts'

/** A matrix in file layout. */
export interface FileMatrix {
  readonly type: string
  readonly rows: number
  readonly k: number
  readonly bytes: Uint8Array
}

/** Lays a matrix out as loading does, repacked in windows of `windowRows` rows (a multiple of 8) from an odd address. */
export function place(kernels: Kernels, arena: Arena, matrix: FileMatrix, windowRows = 16): Matrix {
  const { type, rows, k, bytes } = matrix
  const address = arena.take(packedBytes(type, rows, k))
  const rowBytes = bytes.length / rows
  if (isGeneric(type)) {
    new Uint8Array(arena.buffer, address, packedBytes(type, rows, k)).fill(0)
    new Uint8Array(arena.buffer, address, bytes.length).set(bytes)
  } else {
    const { repack, packedGroupBytes } = matrixKernels(kernels, type)
    for (let first = 0; first < rows; first += windowRows) {
      const count = Math.min(windowRows, rows - first)
      const window = arena.put(bytes.subarray(first * rowBytes, (first + count) * rowBytes), 1)
      repack(address + (first / 8) * packedGroupBytes(k), window, count, k)
    }
  }
  const name = codebookOf(type)
  const codebooks = name === undefined ? {} : { [name]: arena.put(codebookVectors(name)) }
  const tensor = { name: type, type: type as GgmlTypeName, dims: [k, rows], shard: 0, offset: 0, bytes: bytes.length }
  return bindMatrix(
    kernels,
    { tensor, rows, k, slabs: 1, address },
    {
      scratch: arena.take(MATMUL_SCRATCH_BYTES),
      tile: arena.take(tileBytes(k)),
      codebooks,
    },
  )
}

const alive = () => -1

/** The product with `n` rows of f32 (quantized where the type wants that): [n][rows padded to 8]. */
export function product(matrix: FileMatrix, x: Float32Array, n: number): Float32Array {
  const { type, rows, k } = matrix
  const padded = Math.ceil(rows / 8) * 8
  return onAllBuilds((kernels, arena) => {
    const placed = place(kernels, arena, matrix)
    const format = activationFormat(type)
    // Odd strides, so that mixing them up shows.
    const xStride = activationBytes(format, k) + 64
    const input = arena.take(n * xStride)
    for (let i = 0; i < n; i++) {
      const row = x.subarray(i * k, (i + 1) * k)
      if (format === 'q8') kernels.quantize_q8(input + i * xStride, arena.put(row), k, q8HalfBytes(k))
      else new Float32Array(arena.buffer, input + i * xStride, k).set(row)
    }
    const outStride = padded * 4 + 32
    const out = arena.take(n * outStride)
    const middle = padded >> 4
    placed.multiply(out, input, outStride, xStride, middle, padded / 8, n, alive)
    placed.multiply(out, input, outStride, xStride, 0, middle, n, alive)
    const result = new Float32Array(n * padded)
    for (let i = 0; i < n; i++) result.set(arena.floats(out + i * outStride, padded), i * padded)
    return result
  })
}

/** Dequantized row `row`. */
export function embedRow(matrix: FileMatrix, row: number): Float32Array {
  return onAllBuilds((kernels, arena) => {
    const placed = place(kernels, arena, matrix)
    const out = arena.take(matrix.k * 4)
    placed.embedRow(out, row)
    return arena.floats(out, matrix.k)
  })
}

/**
 * Checks products with 1..9 rows of `x` ([9][k]) against float64 within `tolerance` of the sum of |terms|, that a row
 * does not depend on how many share the call, and that embedding rows are the dequantized ones.
 */
export function checkMatrix(matrix: FileMatrix, dequantized: Float32Array, x: Float32Array, tolerance: number): void {
  const { type, rows, k } = matrix
  const label = `${type} ${rows} x ${k}`
  const padded = Math.ceil(rows / 8) * 8
  const seen: Float32Array[] = []
  for (let n = 1; n <= 9; n++) {
    const out = product(matrix, x, n)
    for (let i = 0; i < n; i++) {
      const row = out.subarray(i * padded, i * padded + rows)
      if (seen[i]) {
        assertSameFloats(row, seen[i]!, `${label}: row ${i} of ${n} is that of fewer rows`)
        continue
      }
      seen[i] = row
      const activations = x.subarray(i * k, (i + 1) * k)
      const used = activationFormat(type) === 'q8' ? quantizeQ8(activations).values : activations
      const { values, magnitudes } = matmul(dequantized, used, rows, k)
      assertNear(row, values, (j) => magnitudes[j]! * tolerance, `${label}, activation row ${i}`)
    }
  }
  for (let row = 0; row < rows; row++) {
    const expected = dequantized.subarray(row * k, (row + 1) * k)
    assertSameFloats(embedRow(matrix, row), expected, `${label}: embedding row ${row}`)
  }
}

const readBytes = (folder: string, name: string) => new Uint8Array(readFileSync(join(folder, name)))
const readFloats = (folder: string, name: string) => new Float32Array(readBytes(folder, name).buffer)

/**
 * ggml's quantization of the weights in `folder` (vectors/quant): embedding rows are its dequantized ones, products with
 * its activations (quantized our way where the type wants that) are within `tolerance` of the sum of |terms|.
 */
export function checkGgmlBlocks(type: string, folder: string, tolerance: number): void {
  const expected = readFloats(folder, `${type}.dequant.f32.bin`)
  const matrix = { type, rows: 8, k: 512, bytes: readBytes(folder, `${type}.blocks.bin`) }
  for (let row = 0; row < 8; row++) {
    assertSameFloats(embedRow(matrix, row), expected.subarray(row * 512, (row + 1) * 512), `row ${row}`)
  }
  const x = readFloats(folder, 'activations.f32.bin')
  const out = product(matrix, x, 2)
  for (let i = 0; i < 2; i++) {
    const row = x.subarray(i * 512, (i + 1) * 512)
    const used = activationFormat(type) === 'q8' ? quantizeQ8(row).values : row
    const { values, magnitudes } = matmul(expected, used, 8, 512)
    assertNear(out.subarray(i * 8, i * 8 + 8), values, (j) => magnitudes[j]! * tolerance, `activations ${i}`)
  }
}

/** ggml's reading of random blocks: equal where finite. */
export function checkGgmlRandomBlocks(type: string, folder: string): void {
  const expected = readFloats(folder, `${type}.random.dequant.f32.bin`)
  const matrix = { type, rows: 4, k: expected.length / 4, bytes: readBytes(folder, `${type}.random.blocks.bin`) }
  for (let row = 0; row < 4; row++) {
    for (const [c, value] of embedRow(matrix, row).entries()) {
      const wanted = expected[row * matrix.k + c]!
      if (Number.isFinite(wanted)) assert.ok(value === wanted, `row ${row} element ${c}: ${value}, not ${wanted}`)
      else assert.not(Number.isFinite(value))
    }
  }
}

/** Checks that outputs do not depend on how many rows the matrix has: kernels take many groups side by side. */
export function checkManyRows(matrix: FileMatrix, x: Float32Array): void {
  const { rows, k, bytes } = matrix
  const rowBytes = bytes.length / rows
  for (const n of [1, 2, 3, 4, 7]) {
    const out = product(matrix, x, n)
    for (let first = 0; first < rows; first += 8) {
      const few = { ...matrix, rows: 8, bytes: bytes.subarray(first * rowBytes, (first + 8) * rowBytes) }
      const expected = product(few, x, n)
      for (let i = 0; i < n; i++) {
        const label = `${matrix.type} ${rows} x ${k}, row ${first}, activation row ${i} of ${n}`
        assertSameFloats(
          out.subarray(i * rows + first, i * rows + first + 8),
          expected.subarray(i * 8, i * 8 + 8),
          label,
        )
      }
    }
  }
}
