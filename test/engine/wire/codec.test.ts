import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CellIndex,
  type MicroBatch,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Row,
  type SequenceId,
} from '../../../engine/domain.ts'
import { ANCESTORS_MAX, CHUNK_ROWS_MAX, GROUPS_MAX, STAGES_MAX, TOP_COUNT } from '../../../engine/limits.ts'
import * as codec from '../../../engine/wire/codec.ts'

const CANARY = 0x5a5a5a5a
const id = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const numbers = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map((n) => n as MicroBatchNumber)

type PlacedRow = Omit<Row, 'group'>

/** `mayName`: it may name ancestors; rows of a larger group do not. */
function rowArbitrary(mayName: boolean): fc.Arbitrary<PlacedRow> {
  return fc
    .record({
      token: id,
      sequence: id.map((n) => n as SequenceId),
      cell: id.map((n) => n as CellIndex),
      committed: fc.integer({ min: 0, max: 2 ** 20 }),
      ancestors: fc.array(
        id.map((n) => n as CellIndex),
        { maxLength: ANCESTORS_MAX },
      ),
      tableCoversSelf: mayName ? fc.boolean() : fc.constant(true),
      head: fc.constantFrom('none' as const, 'best' as const, 'top' as const, 'embedding' as const, 'scored' as const),
      stateSlot: fc.oneof(fc.constant(NO_STATE_SLOT), id),
    })
    .map(({ committed, ancestors, tableCoversSelf, ...row }) =>
      tableCoversSelf
        ? { ...row, position: committed, committedLength: committed + 1, ancestors: [] }
        : { ...row, position: committed + ancestors.length, committedLength: committed, ancestors },
    )
}

const groups: fc.Arbitrary<PlacedRow[]> = fc.oneof(
  fc.tuple(rowArbitrary(true)),
  fc.array(rowArbitrary(false), { minLength: 1, maxLength: 20 }),
)

const microBatches: fc.Arbitrary<MicroBatch> = fc
  .record({ number: numbers, groups: fc.array(groups, { minLength: 1, maxLength: GROUPS_MAX }) })
  .map(({ number, groups }) => ({
    number,
    rows: groups.flatMap((rows, group) => rows.map((row): Row => ({ ...row, group }))).slice(0, ROWS),
  }))

const ROWS = 70

test('a micro-batch survives its slot and stays inside it', () => {
  const slot = codec.slotWords(ROWS)
  fc.assert(
    fc.property(microBatches, fc.integer({ min: 0, max: 40 }), (microBatch, base) => {
      const words = new Int32Array(base + slot + 16).fill(CANARY)
      const used = codec.encodeMicroBatch(words, base, microBatch)
      assert.ok(used <= slot)
      assert.equal(codec.decodeMicroBatch(words, base), { ...microBatch })
      assert.is(codec.usedWords(words, base), used)
      const groupCount = microBatch.rows.at(-1)!.group + 1
      assert.is(codec.aliveGroups(words, base) >>> 0, 2 ** groupCount - 1, 'every group begins alive')
      assert.is(codec.headRowCount(words, base), microBatch.rows.filter((row) => row.head !== 'none').length)
      assert.ok(words.subarray(0, base).every((word) => word === CANARY))
      assert.ok(words.subarray(base + used).every((word) => word === CANARY))
    }),
  )
})

const ROW: Row = {
  token: 1,
  sequence: 0 as SequenceId,
  position: 5,
  cell: 1 as CellIndex,
  committedLength: 6,
  ancestors: [],
  head: 'none',
  group: 0,
  stateSlot: NO_STATE_SLOT,
}

test('the fullest micro-batch fits', () => {
  const cells = Array.from({ length: ANCESTORS_MAX }, (_, i) => i as CellIndex)
  const row = { ...ROW, position: 100 + ANCESTORS_MAX, cell: 77 as CellIndex, committedLength: 100, ancestors: cells }
  const words = new Int32Array(codec.slotWords(ROWS))
  const rows = Array.from({ length: GROUPS_MAX }, (_, group): Row => ({ ...row, group }))
  while (rows.length < ROWS) rows.push({ ...ROW, group: GROUPS_MAX - 1 })
  codec.encodeMicroBatch(words, 0, { number: 5 as MicroBatchNumber, rows })
  const last = codec.rowAncestorIndex(words, 0, GROUPS_MAX - 1)
  assert.is(codec.rowAncestorCount(words, 0, GROUPS_MAX - 1), ANCESTORS_MAX + 1)
  assert.equal(Array.from(words.subarray(last, last + ANCESTORS_MAX + 1)), [...cells, 77])
})

test('rows that contradict themselves are refused', () => {
  const words = new Int32Array(codec.slotWords(CHUNK_ROWS_MAX))
  const uncovered = { committedLength: 4, ancestors: [2 as CellIndex] }
  const submit =
    (...rows: Partial<Row>[]) =>
    () =>
      codec.encodeMicroBatch(words, 0, { number: 0 as MicroBatchNumber, rows: rows.map((row) => ({ ...ROW, ...row })) })
  assert.throws(submit({ committedLength: 3, ancestors: [2 as CellIndex] }), /ancestors/)
  assert.throws(submit(), /0 rows/)
  assert.throws(submit(...Array(CHUNK_ROWS_MAX + 1).fill(ROW)), /513 rows/)
  assert.throws(submit(ROW, uncovered), /cell table/)
  assert.not.throws(submit(uncovered, ROW, ROW))
  assert.throws(submit({ group: 1 }), /group 1 behind one of group -1/)
  assert.throws(submit(ROW, { group: 2 }), /group 2 behind one of group 0/)
  assert.throws(submit(ROW, { group: 1 }, ROW), /group 0 behind one of group 1/)
  assert.throws(submit(...Array.from({ length: GROUPS_MAX + 1 }, (_, group) => ({ group }))), /33 groups/)
})

test('a record of another version is not read', () => {
  const words = new Int32Array(codec.slotWords(1))
  codec.encodeMicroBatch(words, 0, { number: 0 as MicroBatchNumber, rows: [ROW] })
  assert.not.throws(() => codec.checkVersion(words, 0))
  words[0]!++
  assert.throws(() => codec.checkVersion(words, 0), /expected a record of version 1, found 2/)
  assert.throws(() => codec.decodeMicroBatch(words, 0), /version/)
})

test('every stage adds its time, and later ones do not count', () => {
  const record = new Int32Array(codec.slotWords(1))
  const views = codec.returnViews(new ArrayBuffer(codec.returnSlotBytes(0)))
  const times = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: STAGES_MAX })
  fc.assert(
    fc.property(times, (us) => {
      codec.encodeMicroBatch(record, 0, { number: 0 as MicroBatchNumber, rows: [ROW] })
      for (const each of us) codec.addStageUs(record, 0, each)
      codec.finishReturn(views, 0, record, 0)
      const found = Array.from({ length: STAGES_MAX }, (_, stage) => codec.returnStageUs(views, 0, stage))
      assert.equal(found, [...us, ...Array(STAGES_MAX - us.length).fill(0)])
      if (us.length === STAGES_MAX) assert.throws(() => codec.addStageUs(record, 0, 1), /more than 64 stages/)
    }),
  )
})

test('a return record survives its slot and stays inside it', () => {
  const entries = fc.array(
    fc.record({
      row: fc.integer({ min: 0, max: 511 }),
      offset: fc.integer({ min: 0, max: 2 ** 32 - 4 }),
      logsumexp: fc.double({ noDefaultInfinity: true }),
      top: fc.array(fc.tuple(id, fc.float()), { minLength: 1, maxLength: TOP_COUNT }),
      nanCount: id,
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(numbers, entries, fc.integer(), fc.integer({ min: 0, max: 5 }), (number, wanted, faults, baseWords) => {
      const unique = wanted.filter((entry, i) => wanted.findIndex((other) => other.row === entry.row) === i)
      const base = baseWords * 8
      const size = codec.returnSlotBytes(unique.length)
      const views = codec.returnViews(new ArrayBuffer(base + size + 64))
      views.i32.fill(CANARY)
      codec.beginReturn(views, base, number, unique.length)
      for (const [entry, { row, offset, logsumexp, top, nanCount }] of unique.entries()) {
        codec.writeReturnEntry(views, base, entry, row, offset, logsumexp, top.length, nanCount)
        views.i32.set(top.map(([token]) => token), codec.returnIdsIndex(base, entry)) // biome-ignore format: one line reads better
        views.f32.set(top.map(([, logit]) => logit), codec.returnLogitsIndex(base, entry)) // biome-ignore format: one line reads better
      }
      const record = new Int32Array(codec.HEADER_WORDS)
      codec.addFaults(record, 0, faults)
      codec.setStoppedUs(record, 0, faults)
      codec.finishReturn(views, base, record, 0)
      assert.is(codec.returnStoppedUs(views, base), faults || 1, 'a stop at time 0 is a stop')
      assert.is(codec.returnNumber(views, base), number)
      assert.is(codec.returnEntryCount(views, base), unique.length)
      assert.is(codec.returnFaultMask(views, base), faults)
      assert.is(codec.returnEntryOfRow(views, base, 512), -1)
      for (const { row, offset, logsumexp, top, nanCount } of unique) {
        const entry = codec.returnEntryOfRow(views, base, row)
        assert.is(codec.returnLogitsOffsetBytes(views, base, entry), offset)
        assert.ok(Object.is(codec.returnLogsumexp(views, base, entry), logsumexp))
        assert.is(codec.returnTopCount(views, base, entry), top.length)
        assert.is(codec.returnNanCount(views, base, entry), nanCount)
        top.forEach(([token, logit], i) => {
          assert.is(views.i32[codec.returnIdsIndex(base, entry) + i], token)
          assert.ok(Object.is(views.f32[codec.returnLogitsIndex(base, entry) + i], logit))
        })
      }
      assert.ok(views.i32.subarray(0, base / 4).every((word) => word === CANARY))
      assert.ok(views.i32.subarray((base + size) / 4).every((word) => word === CANARY))
    }),
  )
})

test.run()
