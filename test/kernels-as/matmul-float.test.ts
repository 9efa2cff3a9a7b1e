// F32, F16 and BF16 weights.
import { test } from 'uvu'
import { floatToHalf, halfToFloat } from '../reference/half.ts'
import { assertSameFloats, randomFloats, seeded } from './harness.ts'
import { checkManyRows, checkMatrix, embedRow, type FileMatrix, product } from './matrix.ts'

const random = seeded(1)
const floatOfBits = (bits: number) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!

/** How a type stores a value, as bytes, and which value that is. */
const TYPES = {
  F32: { store: (values: Float32Array) => values, load: (stored: ArrayLike<number>) => Float32Array.from(stored) },
  F16: {
    store: (values: Float32Array) => Uint16Array.from(values, floatToHalf),
    load: (stored: ArrayLike<number>) => Float32Array.from(stored, halfToFloat),
  },
  BF16: {
    store: (values: Float32Array) => Uint16Array.from(new Uint32Array(values.slice().buffer), (bits) => bits >>> 16),
    load: (stored: ArrayLike<number>) => Float32Array.from(stored, floatOfBits),
  },
} as const
type FloatType = keyof typeof TYPES

function fileMatrix(type: FloatType, rows: number, k: number, stored: ArrayBufferView): FileMatrix {
  return { type, rows, k, bytes: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength) }
}

for (const type of ['F32', 'F16', 'BF16'] as const) {
  const { store, load } = TYPES[type]

  test(`${type} products of every shape of tail agree with float64`, () => {
    for (const k of [1, 2, 3, 32, 48, 64, 172]) {
      for (const rows of [1, 7, 8, 9, 19]) {
        const stored = store(randomFloats(random, rows * k))
        const x = randomFloats(random, 9 * k, 3)
        checkMatrix(fileMatrix(type, rows, k, stored), load(stored), x, 1e-6)
      }
    }
  })

  test(`${type} outputs do not depend on the rows beside them`, () => {
    for (const k of [5, 64]) {
      const stored = store(randomFloats(random, 72 * k))
      checkManyRows(fileMatrix(type, 72, k, stored), randomFloats(random, 7 * k))
    }
  })

  test(`${type} infinities and NaNs reach the outputs of their own row only`, () => {
    const weights = new Float32Array(4 * 5).fill(1)
    weights[1] = Number.POSITIVE_INFINITY
    weights[7] = Number.NaN
    weights[18] = Number.NEGATIVE_INFINITY
    const matrix = fileMatrix(type, 4, 5, store(weights))
    const out = Array.from(product(matrix, new Float32Array(5).fill(2), 1).subarray(0, 4))
    // A row that holds any of them may be NaN as a whole.
    assertSameFloats(
      out.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
      [NaN, NaN, 10, NaN],
      'rows',
    )
    for (let row = 0; row < 4; row++) {
      assertSameFloats(embedRow(matrix, row), weights.subarray(row * 5, row * 5 + 5), `embedding row ${row}`)
    }
  })
}

test('every half float and every upper half of an f32 survives repacking', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits)
  for (const type of ['F16', 'BF16'] as const) {
    // Rows of one exponent and sign each, then rows that mix all finite ones.
    const k = type === 'F16' ? 1024 : 128
    const finite = type === 'F16' ? 31 * 1024 : 255 * 128
    for (const stored of [all.slice(0, finite), all.slice(32768, 32768 + finite), all.slice(finite, 32768)]) {
      const rows = stored.length / k
      const transposed = stored.map((_, i) => stored[(i % k) * rows + Math.floor(i / k)]!)
      for (const arrangement of [stored, transposed]) {
        const expected = TYPES[type].load(arrangement)
        for (let row = 0; row < rows; row += 1 + Math.floor(rows / 40)) {
          const actual = embedRow(fileMatrix(type, rows, k, arrangement), row)
          assertSameFloats(actual, expected.subarray(row * k, (row + 1) * k), `${type} row ${row}`)
        }
      }
    }
  }
})

test('F16 rows of subnormals and of the largest values are exact', () => {
  const k = 4
  const rows = [
    [1, 2, 1023, 0],
    [0x7bff, 0xfbff, 1, 0x8001],
    [0, 0, 0, 0x8000],
    [0x3c00, 0x0001, 0x0400, 0x03ff],
  ]
  const stored = Uint16Array.from(rows.flat())
  const x = Float32Array.of(...[2, 0, 0, 0, 0, 4, 0, 0, 0, 0, 8, 0, 0, 0, 0, 16])
  const out = product(fileMatrix('F16', rows.length, k, stored), x, 4)
  for (let i = 0; i < 4; i++) {
    const expected = rows.map((row) => halfToFloat(row[i]!) * 2 ** (i + 1) + 0)
    assertSameFloats(
      out.subarray(i * 8, i * 8 + 4).map((value) => value + 0),
      expected,
      `column ${i}`,
    )
  }
})

test.run()
