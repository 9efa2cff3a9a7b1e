import { test } from 'uvu'
import { attentionScratchBytes } from '../../engine/model/formats.ts'
import type { Kernels } from '../../engine/model/kernels.ts'
import { attention } from '../reference/attention.ts'
import { floatToHalf, halfToFloat } from '../reference/half.ts'
import { assertNear, assertSameFloats, onBothBuilds, randomFloats, seeded } from './harness.ts'

type CellType = 'f32' | 'f16'

interface Case {
  readonly type: CellType
  readonly heads: number
  readonly headDim: number
  readonly length: number
  readonly committed: number
  /** Which cell holds each position. */
  readonly cells: readonly number[]
  readonly q: Float32Array
  /** By position. */
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
  /** First position that is seen, 0 by default. */
  readonly from?: number
  readonly softcap?: number
}

function store(kernels: Kernels, type: CellType, out: number, x: number, n: number): void {
  if (type === 'f32') kernels.store_f32(out, x, n)
  else kernels.store_f16(out, x, n)
}

function run(c: Case): Float32Array {
  const { type, heads, headDim, length, committed, cells, q, keys, values, from = 0, softcap = 0 } = c
  const cellCount = Math.max(...cells) + 1
  const stride = headDim * (type === 'f32' ? 4 : 2)
  return onBothBuilds((kernels, arena) => {
    const [kCells, vCells] = [arena.take(cellCount * stride), arena.take(cellCount * stride)]
    const row = arena.take(headDim * 4)
    const view = new Float32Array(arena.buffer, row, headDim)
    for (let p = 0; p < length; p++) {
      view.set(keys[p]!)
      store(kernels, type, kCells + cells[p]! * stride, row, headDim)
      view.set(values[p]!)
      store(kernels, type, vCells + cells[p]! * stride, row, headDim)
    }
    const table = arena.put(Int32Array.from(cells.slice(0, committed)))
    const ancestors = arena.put(Int32Array.from(cells.slice(committed)))
    const out = arena.take(heads * headDim * 4)
    const scratch = arena.take(attentionScratchBytes(heads, headDim))
    const attend = type === 'f32' ? kernels.attention_f32 : kernels.attention_f16
    const scale = 1 / Math.sqrt(headDim)
    const where = [table, ancestors, committed, length, stride, heads, headDim, scale, scratch, from, softcap] as const
    attend(out, arena.put(q), kCells, vCells, ...where)
    return arena.floats(out, heads * headDim)
  })
}

/** Positions in order, `committed` of them in the table. */
function makeCase(type: CellType, heads: number, headDim: number, length: number, committed: number): Case {
  const random = seeded(heads * 1000003 + headDim * 1009 + length)
  const vectors = () => Array.from({ length }, () => randomFloats(random, headDim, 2))
  const [keys, values] = [vectors(), vectors()]
  const q = randomFloats(random, heads * headDim, 4)
  return { type, heads, headDim, length, committed, cells: [...keys.keys()], q, keys, values }
}

/** What a cell of the type holds of a value. */
const held = (type: CellType) => (row: Float32Array) =>
  type === 'f32' ? row : row.map((value) => halfToFloat(floatToHalf(value)))

function check(c: Case): Float32Array {
  const out = run(c)
  for (let h = 0; h < c.heads; h++) {
    const [from, to] = [h * c.headDim, (h + 1) * c.headDim]
    const seen = (rows: readonly Float32Array[]) => rows.slice(c.from ?? 0).map(held(c.type))
    const scale = 1 / Math.sqrt(c.headDim)
    const expected = attention(c.q.subarray(from, to), seen(c.keys), seen(c.values), scale, c.softcap)
    assertNear(
      out.subarray(from, to),
      expected,
      2e-5,
      `${c.type} ${c.heads} x ${c.headDim}, length ${c.length}, head ${h}`,
    )
  }
  return out
}

for (const type of ['f32', 'f16'] as const) {
  test(`attention over ${type} cells agrees with float64 for every head size`, () => {
    for (const headDim of [1, 3, 4, 6, 8, 16, 20, 40, 64, 80, 96, 100, 128]) check(makeCase(type, 3, headDim, 21, 10))
  })

  test(`attention over ${type} cells agrees with float64 for lengths around chunk borders`, () => {
    for (const length of [1, 2, 3, 4, 5, 7, 255, 256, 257, 512, 513, 700]) {
      check(makeCase(type, 1, 8, length, length))
      check(makeCase(type, 4, 64, length, Math.max(0, length - 5)))
    }
  })

  test(`where the ${type} cells lie and what is committed changes no bit`, () => {
    const straight = makeCase(type, 2, 48, 300, 300)
    const expected = check(straight)
    const shuffled = [...straight.cells.keys()].sort((a, b) => ((a * 7919) % 307) - ((b * 7919) % 307))
    for (const committed of [0, 236, 299]) {
      const spread = { ...straight, committed, cells: shuffled.map((cell) => cell * 2 + 1) }
      assertSameFloats(run(spread), expected, `committed ${committed}`)
    }
  })
}

test('positions before a window are not seen, wherever chunks end', () => {
  for (const type of ['f32', 'f16'] as const) {
    const c = makeCase(type, 2, 24, 700, 690)
    for (const from of [1, 3, 16, 255, 256, 257, 511, 512, 530, 699]) check({ ...c, from })
  }
})

test('a window gives the bits of a sequence whose other cells hold anything', () => {
  const c = makeCase('f16', 2, 24, 600, 600)
  const expected = run({ ...c, from: 300 })
  const spoiled = c.keys.map((key, p) => (p < 300 ? key.map(() => Number.NaN) : key))
  assertSameFloats(run({ ...c, from: 300, keys: spoiled }), expected, 'unseen cells')
})

test('soft-capped scores', () => {
  for (const type of ['f32', 'f16'] as const) {
    const c = makeCase(type, 3, 40, 301, 301)
    for (const softcap of [0.5, 2, 50]) check({ ...c, softcap, from: softcap === 2 ? 7 : 0 })
  }
})

test('huge scores and a growing maximum stay finite', () => {
  const c = makeCase('f32', 1, 16, 600, 600)
  const keys = c.keys.map((key, p) => key.map((value) => value * (p + 1)))
  check({ ...c, keys })
  check({ ...c, keys: [...keys].reverse() })
})

test('a NaN in one query head reaches that head only', () => {
  const c = makeCase('f32', 2, 16, 600, 600)
  const expected = run(c)
  const q = c.q.slice()
  q[16] = Number.NaN
  const out = run({ ...c, q })
  assertSameFloats(out.subarray(0, 16), expected.subarray(0, 16), 'the other head')
  assertSameFloats(out.subarray(16), new Float32Array(16).fill(Number.NaN), 'the head with the NaN')
})

test.run()
