import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CellIndex,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Row,
  type SequenceId,
} from '../../../engine/domain.ts'
import { GROUPS_MAX } from '../../../engine/limits.ts'
import type { Lane } from '../../../engine/model/lane.ts'
import { RowSet } from '../../../engine/model/row-set.ts'
import { encodeMicroBatch, slotWords } from '../../../engine/wire/codec.ts'

const ROWS = 64
const WIDTH = 4
const RECORD = slotWords(ROWS)
const SCRATCH = RECORD + ROWS * WIDTH
const FAULTS = SCRATCH + ROWS * WIDTH

/** A lane alone, whose barrier leaves with the mask that is set. */
function newLane() {
  const words = new Int32Array(FAULTS + 16)
  const alive = { mask: -1 }
  const lane = {
    ...{ index: 0, count: 1, config: { width: WIDTH }, words, sync: { barrier: () => alive.mask } },
    layout: {
      sizes: { chunkRows: ROWS },
      laneFaults: FAULTS * 4,
      input: { address: 0, stride: 0, activations: RECORD * 4 },
    },
  } as unknown as Lane
  return { rows: new RowSet(lane), words, alive }
}

const rowOf = (group: number, position: number): Row => ({
  ...{ token: 1, sequence: group as SequenceId, position, cell: 0 as CellIndex, committedLength: position + 1 },
  ...{ ancestors: [], head: 'none', group, stateSlot: NO_STATE_SLOT },
})

const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 16 })

test('a group that dies takes all of its rows along, and nobody else’s; what the others hold moves with them', () => {
  const { rows, words, alive } = newLane()
  fc.assert(
    fc.property(sizes, fc.array(fc.integer(), { minLength: 1, maxLength: 3 }), (counts, masks) => {
      const all = counts.flatMap((count, group) => Array.from({ length: count }, (_, i) => rowOf(group, i)))
      encodeMicroBatch(words, 0, { number: 0 as MicroBatchNumber, rows: all })
      all.forEach((_, row) => {
        words.fill(100 + row, RECORD + row * WIDTH, RECORD + (row + 1) * WIDTH)
        words.fill(200 + row, SCRATCH + row * WIDTH, SCRATCH + (row + 1) * WIDTH)
      })
      rows.open(0)
      let left = all.map((_, row) => row)
      let mask = -1
      for (const each of masks) {
        mask &= each
        alive.mask = mask
        rows.meet([{ address: SCRATCH * 4, stride: WIDTH * 4 }])
        left = left.filter((row) => (mask >>> all[row]!.group) & 1)
        assert.equal(Array.from(rows.original.subarray(0, rows.count)), left)
        left.forEach((row, packed) => {
          assert.is(words[RECORD + packed * WIDTH], 100 + row)
          assert.is(words[SCRATCH + (packed + 1) * WIDTH - 1], 200 + row)
          assert.is(rows.position(packed), all[row]!.position)
        })
      }
      assert.is(rows.alive, mask & (2 ** counts.length - 1))
      const target = new Int32Array(ROWS * WIDTH)
      if (left.length === 0) return
      rows.copyTo(target, 0)
      for (const row of left) assert.is(target[row * WIDTH], 100 + row, 'a row is handed on at its own place')
    }),
  )
})

test('a row that cannot be computed faults its group', () => {
  const { rows, words } = newLane()
  const all = Array.from({ length: GROUPS_MAX }, (_, group) => [rowOf(group, 0), rowOf(group, 1)]).flat()
  encodeMicroBatch(words, 0, { number: 0 as MicroBatchNumber, rows: all })
  rows.open(0)
  assert.is(words[FAULTS], 0)
  rows.fault(5)
  rows.fault(63)
  assert.is(words[FAULTS]! >>> 0, 2 ** 2 + 2 ** 31)
})

test.run()
