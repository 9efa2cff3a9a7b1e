// Who reads which chunk with whom: random tables of sequences that share beginnings, and rows that branch off them.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CellIndex,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Row,
  type SequenceId,
} from '../../../../engine/domain.ts'
import { openGguf } from '../../../../engine/gguf/file.ts'
import { GROUPS_MAX } from '../../../../engine/limits.ts'
import type { AttentionScratch } from '../../../../engine/model/blocks/attention-layer.ts'
import { ChunkReaders } from '../../../../engine/model/blocks/chunk-readers.ts'
import { modelConfig } from '../../../../engine/model/config/config.ts'
import type { Lane } from '../../../../engine/model/lane.ts'
import { ATTENTION_CHUNK, chunkRoom, chunksOf, READER_BYTES } from '../../../../engine/model/memory/cells.ts'
import { planModel } from '../../../../engine/model/memory/plan.ts'
import { modelWeights } from '../../../../engine/model/memory/weights.ts'
import { RowSet } from '../../../../engine/model/row-set.ts'
import { encodeMicroBatch } from '../../../../engine/wire/codec.ts'
import { EMBEDDED_MODEL } from '../../started-engine.ts'

const CONTEXT = 1500
const STATE_BYTES = 48
const file = openGguf(EMBEDDED_MODEL)
const config = modelConfig(file)
const { stages } = planModel(config, modelWeights(file, config), { context: CONTEXT, lanes: 1, stages: 1 }, 1)
const layout = stages[0]!
const words = new Int32Array(new SharedArrayBuffer(layout.bytes))
const lane = { index: 0, count: 1, config, layout, words } as unknown as Lane
const rows = new RowSet(lane)
const scratch = layout.scratch.attention as AttentionScratch
const readers = new ChunkReaders(lane, rows, scratch)

/** A sequence goes on from an earlier one, up to a length, in cells of its own. */
interface Text {
  readonly parent: number
  readonly shared: number
  /** A position before that whose cell is its own all the same. */
  readonly own: number
}

interface DrawnRow {
  readonly text: number
  readonly position: number
  /** Positions at the end of what it sees that are not in the table. */
  readonly uncommitted: number
}

const texts = fc.array(
  fc.record({
    parent: fc.nat({ max: 7 }),
    shared: fc.constantFrom(0, 16, 256, 500, 512, 800, CONTEXT),
    own: fc.constantFrom(-1, -1, -1, 0, 200, 300, 511),
  }),
  { minLength: 1, maxLength: 8 },
)
const drawnRow = fc.record({
  text: fc.nat({ max: 7 }),
  position: fc.oneof(fc.nat({ max: CONTEXT - 1 }), fc.constantFrom(0, 255, 256, 300, 301, 302, 511, 767, CONTEXT - 1)),
  uncommitted: fc.nat({ max: 4 }),
})

let nextCell = 1
const tableOf = (all: readonly number[][], { parent, shared, own }: Text): number[] => {
  const from = all[parent % Math.max(1, all.length)]
  return Array.from({ length: CONTEXT }, (_, p) => (from && p < shared && p !== own ? from[p]! : nextCell++))
}

/** Cells by position of each row; writes tables and micro-batch, and opens it. */
function open(drawn: readonly Text[], drawnRows: readonly DrawnRow[]): readonly number[][] {
  nextCell = 1
  const tables: number[][] = []
  for (const text of drawn) tables.push(tableOf(tables, text))
  for (const [i, table] of tables.entries()) words.set(table, (layout.cellTable >>> 2) + i * CONTEXT)
  const seen: number[][] = []
  const batch = drawnRows.map(({ text, position, uncommitted }, group): Row => {
    const sequence = text % tables.length
    const committedLength = Math.max(0, position + 1 - uncommitted)
    const table = tables[sequence]!
    // Every other row's own positions are those of the table: a chain that was drafted and is read by several rows.
    const tail = Array.from({ length: position + 1 - committedLength }, (_, i) =>
      seen.length % 2 === 0 ? table[committedLength + i]! : nextCell++,
    )
    const cells = [...table.slice(0, committedLength), ...tail]
    seen.push(cells)
    return {
      ...{ token: 1, sequence: sequence as SequenceId, position, cell: cells[position]! as CellIndex, committedLength },
      ancestors: cells.slice(committedLength, position) as CellIndex[],
      ...{ head: 'none', group, stateSlot: NO_STATE_SLOT },
    }
  })
  encodeMicroBatch(words, layout.input.address >>> 2, { number: 1 as MicroBatchNumber, rows: batch })
  rows.open(0)
  return seen
}

/** The readers of a plan: row, chunk and set of each. */
function check(cells: readonly number[][], window: number | undefined, first: number, end: number) {
  const found = new Map<string, number>()
  for (let set = 0; set < readers.setCount; set++) {
    const [lead, setFirst, setEnd] = [readers.leads[set]!, readers.firsts[set]!, readers.ends[set]!]
    const chunk = Math.floor(setFirst / ATTENTION_CHUNK)
    assert.ok(set === 0 || readers.firsts[set - 1]! <= setFirst, 'sets in the order of chunks')
    for (let i = readers.starts[set]!; i < readers.starts[set + 1]!; i++) {
      const at = (readers.address + i * READER_BYTES) >>> 2
      const [query, state, from, count] = words.subarray(at, at + 4) as unknown as [number, number, number, number]
      const row = query / scratch.q.stride
      assert.ok(row >= first && row < end && !found.has(`${row} ${chunk}`), 'one reader for a row and chunk')
      found.set(`${row} ${chunk}`, set)
      const seenFirst = window === undefined ? 0 : Math.max(0, cells[row]!.length - window)
      const seen = [
        Math.max(seenFirst, chunk * ATTENTION_CHUNK),
        Math.min(cells[row]!.length, setFirst + ATTENTION_CHUNK),
      ]
      assert.equal([setFirst + from, setFirst + from + count], seen, 'what the row sees of the chunk')
      assert.ok(setFirst + from + count <= setEnd && setEnd <= cells[lead]!.length)
      for (let p = seen[0]!; p < seen[1]!; p++) assert.is(cells[lead]![p], cells[row]![p], `cell of position ${p}`)
      const before = chunk - Math.floor(seenFirst / ATTENTION_CHUNK)
      assert.is(state, (readers.chunksBefore[row]! + before) * STATE_BYTES)
    }
  }
  return found
}

test('every row reads each of its chunks once, through cells that are its own', () => {
  fc.assert(
    fc.property(
      texts,
      fc.array(drawnRow, { minLength: 1, maxLength: GROUPS_MAX }),
      fc.constantFrom(undefined, undefined, 1, 300, 512),
      (drawn, drawnRows, window) => {
        const cells = open(drawn, drawnRows)
        const kind = { ...config.layers[0]!, window }
        for (let first = 0, end = 0; first < cells.length; first = end) {
          end = readers.plan(first, kind, STATE_BYTES)
          assert.ok(end > first)
          const found = check(cells, window, first, end)
          let chunks = 0
          for (let row = first; row < end; row++) {
            const { length } = cells[row]!
            const own = chunksOf(window === undefined ? 0 : Math.max(0, length - window), length)
            assert.is(readers.chunks[row], own)
            assert.is(readers.chunksBefore[row], chunks)
            chunks += own
          }
          assert.is(found.size, chunks)
          assert.ok(chunks <= chunkRoom(CONTEXT))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('rows with the same cells in a whole chunk read it together', () => {
  const one = { parent: 0, shared: 0, own: -1 }
  const shared = { parent: 0, shared: 800, own: -1 }
  const parted = { parent: 0, shared: 800, own: 300 }
  open(
    [one, shared, parted],
    [
      { text: 0, position: 900, uncommitted: 1 },
      { text: 1, position: 1100, uncommitted: 2 },
      { text: 2, position: 1000, uncommitted: 0 },
      { text: 0, position: 901, uncommitted: 1 },
    ],
  )
  assert.is(readers.plan(0, config.layers[0]!, STATE_BYTES), 4)
  const sets = Array.from({ length: readers.setCount }, (_, set) => {
    const all: number[] = []
    for (let i = readers.starts[set]!; i < readers.starts[set + 1]!; i++) {
      all.push(words[(readers.address + i * READER_BYTES) >>> 2]! / scratch.q.stride)
    }
    return `${readers.firsts[set]! / ATTENTION_CHUNK}: ${all}`
  })
  assert.equal(sets, ['0: 0,1,2,3', '1: 0,1,3', '1: 2', '2: 0,1,2,3', '3: 0,3', '3: 2', '3: 1', '4: 1'])
})

test.run()
