// rmsnorm, add, swiglu and their like: one row after another, every tail.
import { test } from 'uvu'
import { rmsnorm } from '../reference/rmsnorm.ts'
import { assertNear, assertSameFloats, onAllBuilds, randomFloats, seeded } from './harness.ts'

const random = seeded(2)
const LENGTHS = [1, 2, 3, 4, 5, 8, 31, 64, 172]

test('rmsnorm of several rows with strides', () => {
  for (const k of LENGTHS) {
    const n = 3
    const weight = randomFloats(random, k)
    const x = randomFloats(random, n * (k + 2), 10)
    const out = onAllBuilds((kernels, arena) => {
      const address = arena.take((n * (k + 1) - 1) * 4)
      kernels.rmsnorm(address, arena.put(x), arena.put(weight), k, n, (k + 1) * 4, (k + 2) * 4, 1e-5)
      return arena.floats(address, n * (k + 1) - 1)
    })
    for (let i = 0; i < n; i++) {
      const expected = rmsnorm(x.subarray(i * (k + 2), i * (k + 2) + k), weight, 1e-5)
      const actual = out.subarray(i * (k + 1), i * (k + 1) + k)
      assertNear(actual, expected, (j) => Math.abs(expected[j]!) * 3e-7, `k ${k} row ${i}`)
    }
  }
})

test('rmsnorm in place, of zeros, and of a NaN', () => {
  const inPlace = (x: Float32Array) =>
    onAllBuilds((kernels, arena) => {
      const address = arena.put(x)
      kernels.rmsnorm(address, address, arena.put(new Float32Array(x.length).fill(2)), x.length, 1, 0, 0, 1e-5)
      return arena.floats(address, x.length)
    })
  assertSameFloats(inPlace(new Float32Array(7)), new Float32Array(7), 'zeros')
  assertSameFloats(inPlace(Float32Array.of(1, Number.NaN, 3)), [Number.NaN, Number.NaN, Number.NaN], 'NaN')
  assertNear(inPlace(Float32Array.of(3, -3, 3, -3, 3)), [2, -2, 2, -2, 2], 1e-5, 'in place')
})

test('add', () => {
  for (const n of LENGTHS) {
    const [a, b] = [randomFloats(random, n), randomFloats(random, n)]
    const out = onAllBuilds((kernels, arena) => {
      const address = arena.put(a)
      kernels.add(address, arena.put(b), n)
      return arena.floats(address, n)
    })
    assertSameFloats(
      out,
      a.map((value, i) => value + b[i]!),
      `n ${n}`,
    )
  }
})

test('swiglu agrees with float64, and a tail lane with a whole one', () => {
  for (const n of LENGTHS) {
    const [gate, up] = [randomFloats(random, n, 20), randomFloats(random, n, 3)]
    const run = (g: Float32Array, u: Float32Array) =>
      onAllBuilds((kernels, arena) => {
        const address = arena.put(g)
        kernels.swiglu(address, address, arena.put(u), g.length)
        return arena.floats(address, g.length)
      })
    const out = run(gate, up)
    const expected = Float64Array.from(gate, (g, i) => (g / (1 + Math.exp(-g))) * up[i]!)
    assertNear(out, expected, (i) => Math.abs(expected[i]!) * 4e-7, `n ${n}`)
    const alone = Float32Array.from(gate, (_, i) => run(gate.slice(i, i + 1), up.slice(i, i + 1))[0]!)
    assertSameFloats(alone, out, 'one at a time')
  }
})

test('swiglu at the ends of the range', () => {
  const gate = Float32Array.of(0, -0, 200, -200, 3e38, -3e38, Number.NaN)
  const out = onAllBuilds((kernels, arena) => {
    const address = arena.take(gate.byteLength)
    kernels.swiglu(address, arena.put(gate), arena.put(new Float32Array(gate.length).fill(1)), gate.length)
    return arena.floats(address, gate.length)
  })
  assertSameFloats(out, [0, -0, 200, -0, Math.fround(3e38), -0, Number.NaN], 'extremes')
})

test('add_scaled and scale', () => {
  for (const n of LENGTHS) {
    const [a, b] = [randomFloats(random, n), randomFloats(random, n)]
    const factor = Math.fround(0.3)
    const sums = onAllBuilds((kernels, arena) => {
      const address = arena.put(a)
      kernels.add_scaled(address, arena.put(b), n, factor)
      return arena.floats(address, n)
    })
    const expectedSums = a.map((value, i) => value + Math.fround(b[i]! * factor))
    assertSameFloats(sums, expectedSums, `add_scaled ${n}`)
    const products = onAllBuilds((kernels, arena) => {
      const address = arena.put(a)
      kernels.scale(address, n, factor)
      return arena.floats(address, n)
    })
    const expectedProducts = a.map((value) => value * factor)
    assertSameFloats(products, expectedProducts, `scale ${n}`)
  }
})

test('geglu agrees with float64, and a tail lane with a whole one', () => {
  for (const n of LENGTHS) {
    const [gate, up] = [randomFloats(random, n, 8), randomFloats(random, n, 3)]
    const run = (g: Float32Array, u: Float32Array) =>
      onAllBuilds((kernels, arena) => {
        const address = arena.put(g)
        kernels.geglu(address, address, arena.put(u), g.length)
        return arena.floats(address, g.length)
      })
    const out = run(gate, up)
    const expected = Float64Array.from(gate, (g, i) => {
      return (g / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g ** 3))) * up[i]!
    })
    // Far below zero 1 + tanh cancels: what is left of it is small.
    assertNear(out, expected, (i) => Math.abs(gate[i]! * up[i]!) * 3e-7, `n ${n}`)
    const alone = Float32Array.from(gate, (_, i) => run(gate.slice(i, i + 1), up.slice(i, i + 1))[0]!)
    assertSameFloats(alone, out, 'one at a time')
  }
})

function softcapped(x: Float32Array, cap: number): Float32Array {
  return onAllBuilds((kernels, arena) => {
    const address = arena.put(x)
    kernels.softcap(address, x.length, cap)
    return arena.floats(address, x.length)
  })
}

test('softcap agrees with float64 over its whole range', () => {
  for (const n of LENGTHS) {
    for (const amplitude of [1e-3, 1, 20, 300]) {
      const x = randomFloats(random, n, amplitude)
      const expected = Float64Array.from(x, (value) => 30 * Math.tanh(value / 30))
      assertNear(softcapped(x, 30), expected, (i) => Math.abs(expected[i]!) * 5e-7, `n ${n}, up to ${amplitude}`)
    }
  }
  const around = Float32Array.of(0.6249, 0.625, 0.6251, -0.625, 9, -9)
  const expected = Float64Array.from(around, Math.tanh)
  assertNear(softcapped(around, 1), expected, 3e-7, 'where the formula changes')
})

test('softcap at the ends of the range', () => {
  const x = Float32Array.of(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, Number.NaN)
  assertSameFloats(softcapped(x, 50), [0, -0, 50, -50, 50, Number.NaN], 'extremes')
})

test('sigmoid', () => {
  for (const x of [0, 1, -1, 5, -20, 90, -90, 200, -200]) {
    const out = onAllBuilds((kernels, arena) => Float32Array.of(kernels.sigmoid(arena.put(Float32Array.of(x)))))
    assertNear(out, [1 / (1 + Math.exp(-x))], Math.exp(-Math.abs(x)) * 1e-6 + 1e-7, String(x))
  }
})

test.run()
