import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createTraceRing, lostRecords, Recorder, traceRecords } from '../../../engine/wire/trace-records.ts'

function written(capacity: number, count: number): SharedArrayBuffer {
  const ring = createTraceRing(capacity)
  const recorder = new Recorder(ring)
  for (let i = 0; i < count; i++) {
    const at = recorder.next(i % 7, i + 0.25, i + 0.5)
    for (let field = 0; field < 6; field++) recorder.fields[at + field] = i * 10 + field
  }
  return ring
}

for (const [capacity, count] of [
  [8, 0],
  [8, 1],
  [8, 8],
  [8, 9],
  [5, 1003],
] as const) {
  test(`of ${count} records a ring of ${capacity} keeps the newest, and knows how many it lost`, () => {
    const ring = written(capacity, count)
    const kept = Math.min(capacity, count)
    assert.is(lostRecords(ring), count - kept)
    const records = [...traceRecords(ring)]
    assert.is(records.length, kept)
    for (const [i, { kind, beginUs, endUs, fields }] of records.entries()) {
      const number = count - kept + i
      assert.equal([kind, beginUs, endUs], [number % 7, number + 0.25, number + 0.5])
      assert.equal(
        Array.from(fields.subarray(0, 6)),
        [0, 1, 2, 3, 4, 5].map((field) => number * 10 + field),
      )
    }
  })
}

test.run()
