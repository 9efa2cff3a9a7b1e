import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CellIndex, MicroBatch, MicroBatchNumber, Row, SequenceId } from '../../../engine/domain.ts'
import { ANCESTORS_MAX, ROWS_MAX, TOP_COUNT } from '../../../engine/limits.ts'
import * as codec from '../../../engine/wire/codec.ts'

const CANARY = 0x5a5a5a5a
const id = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const numbers = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map((n) => n as MicroBatchNumber)

function rowArbitrary(kind: MicroBatch['kind']): fc.Arbitrary<Row> {
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
      tableCoversSelf: kind === 'chunk' ? fc.constant(true) : fc.boolean(),
      head: fc.constantFrom('none' as const, 'best' as const, 'top' as const, 'embedding' as const, 'scored' as const),
    })
    .map(({ token, sequence, cell, committed, ancestors, tableCoversSelf, head }) =>
      tableCoversSelf
        ? { token, sequence, cell, position: committed, committedLength: committed + 1, ancestors: [], head }
        : {
            token,
            sequence,
            cell,
            position: committed + ancestors.length,
            committedLength: committed,
            ancestors,
            head,
          },
    )
}

const microBatches: fc.Arbitrary<MicroBatch> = fc.oneof(
  fc.record({
    number: numbers,
    kind: fc.constant('rows' as const),
    rows: fc.array(rowArbitrary('rows'), { minLength: 1, maxLength: ROWS_MAX }),
  }),
  fc.record({
    number: numbers,
    kind: fc.constant('chunk' as const),
    rows: fc.array(rowArbitrary('chunk'), { minLength: 1, maxLength: 70 }),
  }),
)

test('a micro-batch survives its slot and stays inside it', () => {
  const slot = codec.slotWords(70)
  fc.assert(
    fc.property(microBatches, fc.integer({ min: 0, max: 40 }), (microBatch, base) => {
      const words = new Int32Array(base + slot + 16).fill(CANARY)
      const used = codec.encodeMicroBatch(words, base, microBatch)
      assert.ok(used <= slot)
      assert.equal(codec.decodeMicroBatch(words, base), { ...microBatch })
      assert.is(codec.usedWords(words, base), used)
      assert.is(codec.headRowCount(words, base), microBatch.rows.filter((row) => row.head !== 'none').length)
      assert.ok(words.subarray(0, base).every((word) => word === CANARY))
      assert.ok(words.subarray(base + used).every((word) => word === CANARY))
    }),
  )
})

test('the fullest micro-batch fits', () => {
  const cells = Array.from({ length: ANCESTORS_MAX }, (_, i) => i as CellIndex)
  const row: Row = {
    token: 1,
    sequence: 0 as SequenceId,
    position: 100 + ANCESTORS_MAX,
    cell: 77 as CellIndex,
    committedLength: 100,
    ancestors: cells,
    head: 'top',
  }
  const words = new Int32Array(codec.slotWords(1))
  codec.encodeMicroBatch(words, 0, { number: 5 as MicroBatchNumber, kind: 'rows', rows: Array(ROWS_MAX).fill(row) })
  const last = codec.rowAncestorIndex(words, 0, ROWS_MAX - 1)
  assert.is(codec.rowAncestorCount(words, 0, ROWS_MAX - 1), ANCESTORS_MAX + 1)
  assert.equal(Array.from(words.subarray(last, last + ANCESTORS_MAX + 1)), [...cells, 77])
})

test('rows that contradict themselves are refused', () => {
  const words = new Int32Array(codec.slotWords(1))
  const row: Row = {
    token: 1,
    sequence: 0 as SequenceId,
    position: 5,
    cell: 1 as CellIndex,
    committedLength: 3,
    ancestors: [2 as CellIndex],
    head: 'none',
  }
  const submit = (rows: Row[]) => () =>
    codec.encodeMicroBatch(words, 0, { number: 0 as MicroBatchNumber, kind: 'rows', rows })
  assert.throws(submit([row]), /ancestors/)
  assert.throws(submit([]), /0 rows/)
  const chunk: MicroBatch = {
    number: 0 as MicroBatchNumber,
    kind: 'chunk',
    rows: [{ ...row, committedLength: 5, ancestors: [] }],
  }
  assert.throws(() => codec.encodeMicroBatch(words, 0, chunk), /cell table/)
  assert.throws(
    submit(Array(ROWS_MAX + 1).fill({ ...row, committedLength: 4, ancestors: [2 as CellIndex] })),
    /33 rows/,
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
