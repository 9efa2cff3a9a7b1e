// Measuring before the first request, on stages that take a virtual time.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type MeasuredPipeline, measureShape } from '../../../engine/conductor/measured-shape.ts'
import type { CellIndex, MicroBatch, Position, SequenceId, Submission } from '../../../engine/domain.ts'
import type { Pipeline, Returned } from '../../../engine/pipeline/pipeline.ts'

const SIZES = { chunkRows: 64, headRowsMax: 32, cells: 128 }
const STAGES = 2
const ENDLESS_US = 1e12

/** Stages that take `stageUs`, on a clock that stands while nobody computes. */
class Standing implements Pipeline {
  readonly sent: MicroBatch[] = []
  readonly table = new Map<string, CellIndex>()
  readonly #stageUs: (stage: number, rows: number, before: number) => number
  #returned: Returned | undefined
  passed = -1
  nowUs = 0

  constructor(stageUs: (stage: number, rows: number, before: number) => number) {
    this.#stageUs = stageUs
  }

  map(sequence: SequenceId, from: Position, cells: readonly CellIndex[]): void {
    for (const [i, cell] of cells.entries()) this.table.set(`${sequence} ${from + i}`, cell)
  }

  submit({ microBatch }: Submission): void {
    assert.is(this.#returned, undefined, 'one micro-batch at a time')
    for (const { sequence, position, cell } of microBatch.rows) {
      assert.is(this.table.get(`${sequence} ${position}`), cell)
    }
    const { length: rows } = microBatch.rows
    const times = Array.from({ length: STAGES }, (_, stage) => this.#stageUs(stage, rows, this.sent.length))
    this.sent.push(microBatch)
    for (const us of times) this.nowUs += us
    this.passed = microBatch.number
    this.#returned = {
      ...{ number: microBatch.number, faults: 0, stoppedUs: 0, has: () => true, nanCount: () => 0 },
      stageUs: (stage) => times[stage]!,
      row: () => assert.unreachable() as never,
    }
  }

  cancel(): number {
    return assert.unreachable() as never
  }

  collect(): Returned | undefined {
    return this.#returned
  }

  release(): void {
    this.#returned = undefined
  }

  measured(sizes = SIZES): MeasuredPipeline {
    const collect = () => this.collect()!
    return { pipeline: this, stages: STAGES, sizes, vocabularySize: 512, collect, nowUs: () => this.nowUs }
  }
}

const stageUs = (stage: number, rows: number) => (stage + 1) * (1000 + 100 * rows)

test('every size is measured at every stage; what disturbs does not show', () => {
  // The first times are of code that is still compiled, the second ones of a machine with neighbours.
  const pipeline = new Standing((stage, rows, before) => stageUs(stage, rows) * (before < 7 ? 3 : before < 14 ? 2 : 1))
  const { rows, stageUs: measured, steadyCount } = measureShape(pipeline.measured(), ENDLESS_US)
  assert.equal(rows, [1, 2, 4, 8, 16, 32, 64])
  // Once more told the same.
  assert.is(pipeline.sent.length, 4 * 7)
  assert.is(steadyCount, 7)
  for (const stage of [0, 1]) {
    assert.equal(
      measured[stage],
      rows.map((count) => stageUs(stage, count)),
    )
  }
})

test('what is different every time is not steady, nor what is behind it', () => {
  const pipeline = new Standing((stage, rows, before) => stageUs(stage, rows) * (rows === 8 ? 2 ** (before / 7) : 1))
  assert.is(measureShape(pipeline.measured(), ENDLESS_US).steadyCount, 3)
  assert.is(pipeline.sent.length, 6 * 7)
})

test('rows are of different sequences, in cells of their own, a few with a head', () => {
  const pipeline = new Standing(stageUs)
  measureShape(pipeline.measured({ ...SIZES, headRowsMax: 5 }), ENDLESS_US)
  for (const { rows } of pipeline.sent) {
    assert.is(new Set(rows.map(({ cell }) => cell)).size, rows.length)
    assert.ok(rows.every(({ cell, token }) => cell < SIZES.cells && token < 512))
    assert.is(new Set(rows.map(({ sequence }) => sequence)).size, Math.min(rows.length, 32))
    assert.is(rows.filter(({ head }) => head === 'top').length, Math.min(rows.length, 5))
    assert.is(Math.max(...rows.map(({ position }) => position)), rows.length > 32 ? 1 : 0)
  }
})

test('nothing is left: no micro-batch has passed, the cell table is empty', () => {
  const pipeline = new Standing(stageUs)
  measureShape(pipeline.measured({ ...SIZES, cells: 20, chunkRows: 16 }), ENDLESS_US)
  assert.is(pipeline.passed, -1)
  assert.ok(pipeline.sent.every(({ rows }) => rows.length <= 20))
  assert.is(Math.max(...pipeline.sent.map(({ rows }) => rows.length)), 20)
  for (const [place, cell] of pipeline.table) assert.is(cell, 0, place)
})

test('a slow model is measured as far as the time goes, a row always', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 0, max: 1e5 }),
      fc.integer({ min: 0, max: 1e7 }),
      (one, more, us) => {
        const time = (stage: number, rows: number) => one * (stage + 1) + Math.min(more, one) * (rows - 1)
        const pipeline = new Standing(time)
        const { rows, stageUs: measured } = measureShape(pipeline.measured(), us)
        assert.equal(rows, [1, 2, 4, 8, 16, 32, 64].slice(0, rows.length))
        assert.ok(rows.length > 0)
        for (const [stage, times] of measured.entries()) {
          assert.equal(
            times,
            rows.map((count) => time(stage, count)),
          )
        }
        const leastUs = time(0, 1) + time(1, 1)
        assert.ok(pipeline.nowUs <= Math.max(us, leastUs), `${pipeline.nowUs} of ${us}`)
      },
    ),
  )
})

test('who closes meanwhile is not kept waiting', () => {
  const pipeline = new Standing(stageUs)
  const collect = () => {
    if (pipeline.sent.length === 3) throw new Error('closed')
    return pipeline.collect()!
  }
  assert.throws(() => measureShape({ ...pipeline.measured(), collect }, ENDLESS_US), 'closed')
  assert.is(pipeline.sent.length, 3)
})

test.run()
