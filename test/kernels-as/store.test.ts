import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cellBytes } from '../../engine/model/memory/cells.ts'
import { heldByCell } from '../reference/cells.ts'
import { floatToHalf, halfToFloat } from '../reference/half.ts'
import { assertSameFloats, onAllBuilds, randomFloats, seeded } from './harness.ts'

const random = seeded(4)
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 31, 33, 64, 80, 129]

/** Elements of a cell: zeros follow up to whole eights. */
const padded = (n: number) => Math.ceil(n / 8) * 8

/** The halves written, then the result. */
const storeF16 = (x: Float32Array) =>
  onAllBuilds((kernels, arena) => {
    const out = arena.take(padded(x.length) * 2)
    const result = kernels.store_f16(out, arena.put(x), x.length)
    return Uint16Array.of(...halves(arena.bytes(out, padded(x.length) * 2), x.length), result)
  })

const storeF32 = (x: Float32Array) =>
  onAllBuilds((kernels, arena) => {
    const out = arena.take(padded(x.length) * 4)
    const result = kernels.store_f32(out, arena.put(x), x.length)
    return Float32Array.of(...elements(arena.floats(out, padded(x.length)), x.length), result)
  })

/** What the codes and scales stand for, then the result. */
const storeQ8 = (x: Float32Array) =>
  onAllBuilds((kernels, arena) => {
    const count = padded(x.length)
    const out = arena.take(cellBytes('q8_0', x.length))
    const result = kernels.store_q8_0(out, arena.put(x), x.length)
    const codes = Int8Array.from(arena.bytes(out, count), (byte) => (byte << 24) >> 24)
    const scales = arena.floats(out + count, Math.ceil(count / 32))
    const values = Float32Array.from(codes, (code, i) => code * scales[i >> 5]!)
    return Float32Array.of(...(result === 0 ? elements(values, x.length) : values.subarray(0, x.length)), result)
  })

const halves = (bytes: Uint8Array<ArrayBuffer>, n: number) => elements(new Uint16Array(bytes.buffer), n)

function elements<T extends Float32Array | Uint16Array>(cell: T, n: number): T {
  for (let i = n; i < cell.length; i++) assert.is(cell[i], 0, `element ${i} of ${n}`)
  return cell.subarray(0, n) as T
}

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

test('a value no cell can hold is reported wherever it stands, and the cell is finite', () => {
  const bad = { f16: [65504.004, -7e4, 1e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN] }
  for (const n of LENGTHS) {
    for (let at = 0; at < n; at++) {
      for (const value of bad.f16) {
        const x = new Float32Array(n).fill(65504)
        x[at] = value
        assert.is(storeF16(x).at(-1), 1, `${value} at ${at} of ${n}`)
        assert.is(storeF32(x).at(-1), Number.isFinite(value) ? 0 : 1, `${value} at ${at} of ${n}`)
        assert.is(storeQ8(x).at(-1), Number.isFinite(value) ? 0 : 1, `${value} at ${at} of ${n}`)
        assert.ok([...storeF32(x), ...storeQ8(x)].every(Number.isFinite), `${value} at ${at} of ${n}`)
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

test('store_q8_0 rounds to codes with a scale per 32, at every magnitude', () => {
  for (const n of LENGTHS) {
    for (const power of [-149, -126, -100, 0, 100]) {
      const x = randomFloats(random, n).map((value) => value * 2 ** power)
      assertSameFloats(storeQ8(x), Float32Array.of(...heldByCell('q8_0')(x), 0), `n ${n}, 2^${power}`)
    }
    assertSameFloats(storeQ8(new Float32Array(n)), new Float32Array(n + 1), 'zeros')
  }
})

test.run()
