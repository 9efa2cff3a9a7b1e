import { test } from 'uvu'
import {
  ATTENTION_CHUNK,
  attentionScratchBytes,
  attentionStateBytes,
  CELL_TYPES,
  type CellType,
  cellBytes,
  cellTypeNumber,
  chunksOf,
  READER_BYTES,
  storeKernel,
  writeReader,
} from '../../engine/model/memory/cells.ts'
import { attention } from '../reference/attention.ts'
import { heldByCell } from '../reference/cells.ts'
import { assertNear, assertSameFloats, onAllBuilds, randomFloats, seeded } from './harness.ts'

type Types = readonly [k: CellType, v: CellType]

interface Case {
  readonly types: Types
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
  /** In which order chunks are read. */
  readonly backwards?: boolean
}

function run(c: Case): Float32Array {
  const {
    types,
    heads,
    headDim,
    length,
    committed,
    cells,
    q,
    keys,
    values,
    from = 0,
    softcap = 0,
    backwards = false,
  } = c
  const cellCount = Math.max(...cells) + 1
  const [kBytes, vBytes] = [cellBytes(types[0], headDim), cellBytes(types[1], headDim)]
  return onAllBuilds((kernels, arena) => {
    const [kCells, vCells] = [arena.take(cellCount * kBytes), arena.take(cellCount * vBytes)]
    const row = arena.take(headDim * 4)
    const view = new Float32Array(arena.buffer, row, headDim)
    for (let p = 0; p < length; p++) {
      view.set(keys[p]!)
      storeKernel(kernels, types[0])(kCells + cells[p]! * kBytes, row, headDim)
      view.set(values[p]!)
      storeKernel(kernels, types[1])(vCells + cells[p]! * vBytes, row, headDim)
    }
    const table = arena.put(Int32Array.from(cells.slice(0, committed)))
    const ancestors = arena.put(Int32Array.from(cells.slice(committed)))
    const out = arena.take(heads * headDim * 4)
    const scratch = arena.take(attentionScratchBytes(headDim))
    const stateBytes = attentionStateBytes(heads, headDim)
    const states = arena.take(chunksOf(from, length) * stateBytes)
    const query = arena.put(q)
    const shape = [...types.map(cellTypeNumber), heads, headDim, 1 / Math.sqrt(headDim), softcap, scratch]
    const reader = arena.take(READER_BYTES)
    const chunks = [...Array(chunksOf(from, length)).keys()]
    for (const i of backwards ? chunks.reverse() : chunks) {
      const chunkFirst = (Math.floor(from / ATTENTION_CHUNK) + i) * ATTENTION_CHUNK
      const [first, end] = [Math.max(from, chunkFirst), Math.min(length, chunkFirst + ATTENTION_CHUNK)]
      writeReader(new Int32Array(arena.buffer), reader >> 2, 0, i * stateBytes, 0, end - first)
      const [kType, vType, ...rest] = shape as [number, number, number, number, number, number, number]
      const where = [table, ancestors, committed, first, end, kType, vType] as const
      kernels.attention(states, query, reader, 1, kCells, vCells, ...where, ...rest)
    }
    kernels.merge_attention(out, states, chunks.length, heads, headDim)
    return arena.floats(out, heads * headDim)
  })
}

/** Positions in order, `committed` of them in the table. */
function makeCase(types: Types, heads: number, headDim: number, length: number, committed: number): Case {
  const random = seeded(heads * 1000003 + headDim * 1009 + length)
  const vectors = () => Array.from({ length }, () => randomFloats(random, headDim, 2))
  const [keys, values] = [vectors(), vectors()]
  const q = randomFloats(random, heads * headDim, 4)
  return { types, heads, headDim, length, committed, cells: [...keys.keys()], q, keys, values }
}

function check(c: Case): Float32Array {
  const out = run(c)
  const seen = (rows: readonly Float32Array[], type: CellType) => rows.slice(c.from ?? 0).map(heldByCell(type))
  const [keys, values] = [seen(c.keys, c.types[0]), seen(c.values, c.types[1])]
  for (let h = 0; h < c.heads; h++) {
    const [from, to] = [h * c.headDim, (h + 1) * c.headDim]
    const expected = attention(c.q.subarray(from, to), keys, values, 1 / Math.sqrt(c.headDim), c.softcap)
    const what = `${c.types} ${c.heads} x ${c.headDim}, length ${c.length}, head ${h}`
    assertNear(out.subarray(from, to), expected, 2e-5, what)
  }
  return out
}

for (const type of CELL_TYPES) {
  const types: Types = [type, type]

  test(`attention over ${type} cells agrees with float64 for every head size`, () => {
    for (const headDim of [1, 3, 4, 6, 8, 16, 20, 40, 64, 80, 96, 100, 128]) check(makeCase(types, 3, headDim, 21, 10))
  })

  test(`attention over ${type} cells agrees with float64 for any number of heads that share them`, () => {
    for (const heads of [1, 2, 3, 4, 5, 6, 7, 8, 9, 16]) check(makeCase(types, heads, 24, 301, 290))
  })

  test(`attention over ${type} cells agrees with float64 for lengths around chunk borders`, () => {
    for (const length of [1, 2, 3, 4, 5, 7, 31, 32, 33, 255, 256, 257, 512, 513, 700]) {
      check(makeCase(types, 1, 8, length, length))
      check(makeCase(types, 2, 16, length, length))
      check(makeCase(types, 4, 64, length, Math.max(0, length - 5)))
    }
  })

  test(`where the ${type} cells lie and what is committed changes no bit`, () => {
    const straight = makeCase(types, 2, 48, 300, 300)
    const expected = check(straight)
    const shuffled = [...straight.cells.keys()].sort((a, b) => ((a * 7919) % 307) - ((b * 7919) % 307))
    for (const committed of [0, 236, 299]) {
      const spread = { ...straight, committed, cells: shuffled.map((cell) => cell * 2 + 1) }
      assertSameFloats(run(spread), expected, `committed ${committed}`)
    }
  })

  test(`the order in which chunks of ${type} cells are read changes no bit`, () => {
    const c = makeCase(types, 3, 40, 1300, 1290)
    for (const from of [0, 5, 256, 300]) {
      assertSameFloats(run({ ...c, from, backwards: true }), check({ ...c, from }), `from ${from}`)
    }
  })

  test(`positions before a window are not seen, wherever chunks of ${type} cells end`, () => {
    const c = makeCase(types, 2, 24, 700, 690)
    for (const from of [1, 3, 16, 255, 256, 257, 511, 512, 530, 699]) check({ ...c, from })
  })

  test(`soft-capped scores of ${type} cells`, () => {
    const c = makeCase(types, 3, 40, 301, 301)
    for (const softcap of [0.5, 2, 50]) check({ ...c, softcap, from: softcap === 2 ? 7 : 0 })
  })
}

test('K and V cells of different types', () => {
  for (const k of CELL_TYPES) for (const v of CELL_TYPES) check(makeCase([k, v], 7, 40, 300, 290))
})

test('a window gives the bits of a sequence whose other cells hold anything', () => {
  const c = makeCase(['f16', 'f16'], 2, 24, 600, 600)
  const expected = run({ ...c, from: 300 })
  const spoiled = c.keys.map((key, p) => (p < 300 ? key.map(() => Number.NaN) : key))
  assertSameFloats(run({ ...c, from: 300, keys: spoiled }), expected, 'unseen cells')
})

test('huge scores and a growing maximum stay finite', () => {
  const c = makeCase(['f32', 'f32'], 1, 16, 600, 600)
  const keys = c.keys.map((key, p) => key.map((value) => value * (p + 1)))
  check({ ...c, keys })
  check({ ...c, keys: [...keys].reverse() })
})

test('half floats of every size are exact', () => {
  const c = makeCase(['f16', 'f16'], 4, 16, 40, 40)
  for (const power of [-24, -20, -15, -14, 0, 14]) {
    const sized = (rows: readonly Float32Array[]) => rows.map((row) => row.map((value) => value * 2 ** power))
    const q = c.q.map((value) => value * 2 ** -power)
    const out = check({ ...c, q, keys: sized(c.keys) })
    assertSameFloats(out, run({ ...c, q, keys: sized(c.keys) }), 'again')
    const small = run({ ...c, values: sized(c.values) }).map((value) => value * 2 ** -power)
    const held = c.values.map((row) => row.map((value) => value * 2 ** power)).map(heldByCell('f16'))
    const scaled = held.map((row) => row.map((value) => value * 2 ** -power))
    for (let h = 0; h < 4; h++) {
      const from = h * 16
      const expected = attention(c.q.subarray(from, from + 16), c.keys.map(heldByCell('f16')), scaled, 0.25)
      assertNear(small.subarray(from, from + 16), expected, 2e-5, `values times 2^${power}, head ${h}`)
    }
  }
})

test('a NaN or an infinity in one query head reaches that head only', () => {
  for (const type of CELL_TYPES) {
    const c = makeCase([type, type], 4, 16, 600, 600)
    const expected = run(c)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const q = c.q.slice()
      q[16] = bad
      const out = run({ ...c, q })
      assertSameFloats(out.subarray(0, 16), expected.subarray(0, 16), 'the head before')
      assertSameFloats(out.subarray(32), expected.subarray(32), 'the heads behind')
      assertSameFloats(out.subarray(16, 32), new Float32Array(16).fill(Number.NaN), 'the head with it')
    }
  }
})

test.run()
