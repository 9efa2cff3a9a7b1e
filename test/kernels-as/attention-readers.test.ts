// Rows that find the same cells in a chunk are taken together, and gather what each would alone, to the bit.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ATTENTION_CHUNK,
  attentionScratchBytes,
  attentionStateBytes,
  CELL_TYPES,
  type CellType,
  cellBytes,
  cellTypeNumber,
  READER_BYTES,
  storeKernel,
  writeReader,
} from '../../engine/model/memory/cells.ts'
import { assertSameFloats, onAllBuilds, randomFloats, seeded } from './harness.ts'

/** Which positions a row sees. */
interface View {
  readonly from: number
  readonly count: number
}

interface Case {
  readonly kType: CellType
  readonly vType: CellType
  readonly heads: number
  readonly headDim: number
  readonly views: readonly View[]
  readonly committed: number
  readonly softcap: number
  readonly seed: number
}

/** The results of all rows, read in calls of as many rows as `callSizes` say in turn. */
function run(c: Case, callSizes: readonly number[]): Float32Array {
  const { kType, vType, heads, headDim, views, softcap } = c
  const random = seeded(c.seed)
  const length = Math.max(...views.map(({ from, count }) => from + count))
  const cells = Int32Array.from({ length }, (_, i) => i).map((i) => (i * 7 + c.seed) % length)
  if (new Set(cells).size < length) cells.set(cells.map((_, i) => length - 1 - i))
  const keys = randomFloats(random, length * headDim, 2)
  const values = randomFloats(random, length * headDim, 2)
  const queries = randomFloats(random, views.length * heads * headDim, 3)
  const stateBytes = attentionStateBytes(heads, headDim)
  const headBytes = stateBytes / heads
  return onAllBuilds((kernels, arena) => {
    const fill = (type: CellType, floats: Float32Array) => {
      const at = arena.take(length * cellBytes(type, headDim))
      const rows = arena.put(floats)
      for (let p = 0; p < length; p++) {
        storeKernel(kernels, type)(at + cells[p]! * cellBytes(type, headDim), rows + p * headDim * 4, headDim)
      }
      return at
    }
    const [kCells, vCells] = [fill(kType, keys), fill(vType, values)]
    const committed = Math.min(c.committed, length)
    const table = arena.put(cells.slice(0, committed))
    const ancestors = arena.put(cells.slice(committed))
    const q = arena.put(queries)
    const readers = arena.take(views.length * READER_BYTES)
    const states = arena.put(new Float32Array((views.length * stateBytes) / 4))
    const scratch = arena.take(attentionScratchBytes(headDim))
    for (const [i, { from, count }] of views.entries()) {
      const at = (readers + i * READER_BYTES) / 4
      writeReader(new Int32Array(arena.buffer), at, i * heads * headDim * 4, i * stateBytes, from, count)
    }
    const shape = [cellTypeNumber(kType), cellTypeNumber(vType), heads, headDim, 0.25, softcap, scratch] as const
    for (let i = 0, call = 0; i < views.length; call++) {
      const count = Math.min(callSizes[call % callSizes.length]!, views.length - i)
      const places = [readers + i * READER_BYTES, count, kCells, vCells, table, ancestors] as const
      kernels.attention(states, q, ...places, committed, 0, length, ...shape)
      i += count
    }
    // Two words of each state are unused.
    const found = Array.from({ length: views.length * heads }, (_, i) =>
      arena.floats(states + i * headBytes, headBytes / 4 - 2),
    )
    return Float32Array.from(found.flatMap((state) => [...state]))
  })
}

/** Mostly rows that follow one another, as those of a prompt do. */
const views = fc
  .record({
    first: fc.integer({ min: 1, max: ATTENTION_CHUNK }),
    from: fc.constantFrom(0, 0, 0, 5),
    steps: fc.array(fc.constantFrom(0, 0, 1, 1, 1, 1, 2, -3), { maxLength: 8 }),
    windows: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 9, maxLength: 9 }),
  })
  .map(({ first, from, steps, windows }) => {
    let end = first
    let begin = Math.min(from, end - 1)
    const all: View[] = [{ from: begin, count: end - begin }]
    for (const [i, step] of steps.entries()) {
      end = Math.min(ATTENTION_CHUNK, Math.max(1, end + step))
      begin = Math.min(begin + windows[i]!, end - 1)
      all.push({ from: begin, count: end - begin })
    }
    return all
  })

const cases: fc.Arbitrary<Case> = fc.record({
  kType: fc.constantFrom(...CELL_TYPES),
  vType: fc.constantFrom(...CELL_TYPES),
  heads: fc.integer({ min: 1, max: 9 }),
  headDim: fc.constantFrom(4, 12, 24, 64),
  views,
  committed: fc.integer({ min: 0, max: ATTENTION_CHUNK }),
  softcap: fc.constantFrom(0, 0, 2),
  seed: fc.integer({ min: 0, max: 1000 }),
})

test('rows that are taken together gather what each does alone', () => {
  fc.assert(
    fc.property(cases, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), (c, callSizes) => {
      const alone = run(c, [1])
      assert.ok(alone.every(Number.isFinite))
      assertSameFloats(run(c, [c.views.length]), alone, 'in one call')
      assertSameFloats(run(c, callSizes), alone, `in calls of ${callSizes}`)
    }),
    { numRuns: 60 },
  )
})

test('every row of a prompt, whatever the number of query heads', () => {
  for (let heads = 1; heads <= 8; heads++) {
    const shape = { kType: 'f16', vType: 'q8_0', heads, headDim: 16, committed: 256, softcap: 0, seed: heads } as const
    const c: Case = { ...shape, views: Array.from({ length: 13 }, (_, i) => ({ from: 0, count: i + 1 })) }
    assertSameFloats(run(c, [13]), run(c, [1]), `${heads} heads`)
  }
})

test.run()
