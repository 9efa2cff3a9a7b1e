import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { floatToHalf, halfToFloat } from '../reference/half.ts'
import { assertSameFloats, onBothBuilds, randomFloats, seeded } from './harness.ts'

const random = seeded(4)
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 64, 80, 129]

/** The halves written, then the result. */
const storeF16 = (x: Float32Array) =>
  onBothBuilds((kernels, arena) => {
    const out = arena.take(x.length * 2)
    const result = kernels.store_f16(out, arena.put(x), x.length)
    return Uint16Array.of(...new Uint16Array(arena.bytes(out, x.length * 2).buffer), result)
  })

const storeF32 = (x: Float32Array) =>
  onBothBuilds((kernels, arena) => {
    const out = arena.take(x.length * 4)
    const result = kernels.store_f32(out, arena.put(x), x.length)
    return Float32Array.of(...arena.floats(out, x.length), result)
  })

test('store_f16 rounds to nearest even for every length', () => {
  for (const n of LENGTHS) {
    const x = randomFloats(random, n).map((value) => value * 2 ** Math.floor(random() * 44 - 28))
    assert.equal(storeF16(x), Uint16Array.of(...Array.from(x, floatToHalf), 0), `n ${n}`)
  }
})

test('store_f16 of every half float, of the ties between two, and just beside the ties', () => {
  for (const sign of [1, -1]) {
    const values: number[] = []
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [halfToFloat(bits), halfToFloat(bits + 1)]
      const tie = (low + high) / 2
      values.push(low, tie, tie * (1 - 2 ** -23), tie * (1 + 2 ** -23))
    }
    const x = Float32Array.from(values, (value) => value * sign)
    for (let from = 0; from < x.length; from += 16384) {
      const part = x.slice(from, from + 16384)
      assert.equal(storeF16(part), Uint16Array.of(...Array.from(part, floatToHalf), 0))
    }
  }
})

test('a value no cell can hold is reported wherever it stands', () => {
  const bad = { f16: [65504.004, -7e4, 1e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN] }
  for (const n of LENGTHS) {
    for (let at = 0; at < n; at++) {
      for (const value of bad.f16) {
        const x = new Float32Array(n).fill(65504)
        x[at] = value
        assert.is(storeF16(x).at(-1), 1, `${value} at ${at} of ${n}`)
        assert.is(storeF32(x).at(-1), Number.isFinite(value) ? 0 : 1, `${value} at ${at} of ${n}`)
      }
    }
    assert.is(storeF16(new Float32Array(n).fill(-65504)).at(-1), 0)
  }
})

test('store_f32 copies', () => {
  for (const n of LENGTHS) {
    const x = randomFloats(random, n, 1e30)
    assertSameFloats(storeF32(x), Float32Array.of(...x, 0), `n ${n}`)
  }
})

test.run()
