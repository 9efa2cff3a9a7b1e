import { test } from 'uvu'
import { packedBytes } from '../../engine/model/formats.ts'
import { matmul } from '../reference/matmul.ts'
import { assertNear, assertSameFloats, onBothBuilds, randomFloats, seeded } from './harness.ts'

const random = seeded(1)

test('products of every shape of tail agree with float64', () => {
  for (const k of [1, 2, 3, 32, 48, 64, 172]) {
    for (const rows of [1, 7, 8, 9, 19]) {
      const weights = randomFloats(random, rows * k)
      const x = randomFloats(random, 9 * k, 3)
      const padded = Math.ceil(rows / 8) * 8
      const single: Float32Array[] = []
      for (let n = 1; n <= 9; n++) {
        const out = onBothBuilds((kernels, arena) => {
          const w = arena.take(packedBytes('F32', rows, k))
          kernels.repack_f32(w, arena.put(weights, 4), rows, k)
          const address = arena.take(n * padded * 4)
          kernels.matmul_f32(address, w, arena.put(x), padded * 4, k * 4, 0, padded / 8, k, n)
          return arena.floats(address, n * padded)
        })
        for (let i = 0; i < n; i++) {
          const row = out.slice(i * padded, (i + 1) * padded)
          const { values, magnitudes } = matmul(weights, x.subarray(i * k, (i + 1) * k), rows, k)
          assertNear(row.subarray(0, rows), values, (j) => magnitudes[j]! * 1e-6, `k ${k} rows ${rows} n ${n}`)
          assertSameFloats(row.subarray(rows), new Float32Array(padded - rows), 'padding rows are zero')
          if (i < single.length) assertSameFloats(row, single[i]!, 'a row does not depend on n')
          else single.push(row)
        }
      }
    }
  }
})

test('a range of groups writes those groups only', () => {
  const weights = randomFloats(random, 40 * 6)
  const x = randomFloats(random, 6)
  const whole = (begin: number, end: number) =>
    onBothBuilds((kernels, arena) => {
      const w = arena.take(packedBytes('F32', 40, 6))
      kernels.repack_f32(w, arena.put(weights), 40, 6)
      const out = arena.put(new Float32Array(40))
      kernels.matmul_f32(out, w, arena.put(x), 160, 24, begin, end, 6, 1)
      return arena.floats(out, 40)
    })
  const all = whole(0, 5)
  const some = whole(1, 3)
  assertSameFloats(
    some,
    all.map((value, j) => (j >= 8 && j < 24 ? value : 0)),
    'groups 1 and 2',
  )
})

test('infinities and NaNs reach the outputs of their own row only', () => {
  const weights = new Float32Array(3 * 5).fill(1)
  weights[1] = Number.POSITIVE_INFINITY
  weights[7] = Number.NaN
  const out = onBothBuilds((kernels, arena) => {
    const w = arena.take(packedBytes('F32', 3, 5))
    kernels.repack_f32(w, arena.put(weights), 3, 5)
    const address = arena.take(32)
    kernels.matmul_f32(address, w, arena.put(new Float32Array(5).fill(2)), 32, 20, 0, 1, 5, 1)
    return arena.floats(address, 3)
  })
  assertSameFloats(out, [Number.POSITIVE_INFINITY, Number.NaN, 10], 'rows')
})

test('embed_row_f32 returns the file row', () => {
  for (const [rows, k] of [
    [1, 1],
    [9, 5],
    [20, 64],
  ] as const) {
    const weights = randomFloats(random, rows * k)
    for (let row = 0; row < rows; row++) {
      const out = onBothBuilds((kernels, arena) => {
        const w = arena.take(packedBytes('F32', rows, k))
        kernels.repack_f32(w, arena.put(weights), rows, k)
        const address = arena.take(k * 4)
        kernels.embed_row_f32(address, w, row, k)
        return arena.floats(address, k)
      })
      assertSameFloats(out, weights.subarray(row * k, (row + 1) * k), `row ${row} of ${rows} x ${k}`)
    }
  }
})

test.run()
