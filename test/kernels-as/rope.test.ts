import { test } from 'uvu'
import { rope } from '../reference/rope.ts'
import { assertNear, assertSameFloats, onAllBuilds, randomFloats, seeded } from './harness.ts'

const random = seeded(3)

const table = (freqs: Float64Array, position: number, mscale: number) =>
  onAllBuilds((kernels, arena) => {
    const out = arena.take(freqs.length * 8)
    kernels.rope_table(out, arena.put(freqs), freqs.length, position, mscale)
    return arena.floats(out, freqs.length * 2)
  })

test('rope_table is right to the last bit of f32 or so, up to a million positions', () => {
  const freqs = Float64Array.from({ length: 65 }, (_, j) => 10000 ** (-j / 64))
  for (const position of [0, 1, 2, 3, 4, 5, 7, 100, 4095, 131071, 999999, 1048575]) {
    const out = table(freqs, position, 1.25)
    const expected = Array.from(freqs).flatMap((f) => [Math.cos(position * f) * 1.25, Math.sin(position * f) * 1.25])
    assertNear(out, expected, (i) => Math.abs(expected[i]!) * 2 ** -24 + 1e-12, `position ${position}`)
  }
})

test('rope_table near every multiple of a quarter turn', () => {
  for (let turns = 0; turns < 40; turns++) {
    const angles = Float64Array.from([-1e-3, -1e-9, 0, 1e-9, 1e-3], (d) => (turns * Math.PI) / 2 + d)
    const expected = Array.from(angles).flatMap((a) => [Math.cos(a), Math.sin(a)])
    assertNear(table(angles, 1, 1), expected, (i) => Math.abs(expected[i]!) * 2 ** -24 + 1e-14, `${turns} turns`)
  }
})

test('rope rotates pairs of each head and leaves the rest', () => {
  for (const [heads, headDim, rotaryDim] of [
    [1, 2, 2],
    [3, 8, 8],
    [2, 80, 80],
    [2, 64, 32],
    [1, 12, 6],
    [5, 128, 128],
  ] as const) {
    for (const halves of [false, true]) {
      const freqs = Float64Array.from({ length: rotaryDim / 2 }, (_, j) => 500 ** (-j / rotaryDim))
      const x = randomFloats(random, heads * headDim)
      const out = onAllBuilds((kernels, arena) => {
        const pairs = arena.take(rotaryDim * 4)
        kernels.rope_table(pairs, arena.put(freqs), freqs.length, 37, 1)
        const address = arena.put(x)
        kernels.rope(address, pairs, heads, headDim, rotaryDim, halves ? 1 : 0)
        return arena.floats(address, x.length)
      })
      for (let h = 0; h < heads; h++) {
        const [from, to] = [h * headDim, h * headDim + rotaryDim]
        const expected = rope(
          x.subarray(from, to),
          Array.from(freqs, (f) => f * 37),
          halves,
        )
        assertNear(out.subarray(from, to), expected, 3e-7, `${heads} x ${headDim} / ${rotaryDim}`)
        const rest = [to, (h + 1) * headDim] as const
        assertSameFloats(out.subarray(...rest), x.subarray(...rest), 'elements that do not rotate')
      }
    }
  }
})

test.run()
