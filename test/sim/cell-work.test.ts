// The virtual stages notice what they are there to notice: a living row that reads a cell nobody wrote for it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../bench/forge/random.ts'
import {
  type CellIndex,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Row,
  type RunId,
  type SequenceId,
} from '../../engine/domain.ts'
import { CellWork, type SimulatedPipeline } from './cell-work.ts'

const SIZES = { stages: 2, cells: 8, sequences: 1, contextLength: 8, chunkRows: 4, headRowsMax: 4, inFlightMax: 9 }
const SEQUENCE = 0 as SequenceId
const cells = (...indices: number[]) => indices as CellIndex[]

/** A pipeline whose positions 0, 1, .. lie in cells 0, 1, .. */
function createPipeline(): SimulatedPipeline {
  const pipeline = new CellWork(SIZES, createRandom(1)).pipeline()
  pipeline.map(SEQUENCE, 0, cells(0, 1, 2, 3))
  return pipeline
}

/** Sends rows of one sequence, each at the position given. */
function send(pipeline: SimulatedPipeline, number: number, positions: readonly number[]): void {
  const rows = positions.map((position, group): Row => {
    const at = { sequence: SEQUENCE, position, cell: position as CellIndex, committedLength: position + 1 }
    return { ...at, token: 3, ancestors: cells(), head: 'best', group, stateSlot: NO_STATE_SLOT }
  })
  const microBatch = { number: number as MicroBatchNumber, rows }
  pipeline.submit({ kind: 'submit', microBatch, purpose: 'decode', runFirst: 0 as RunId, runLast: 0 as RunId })
}

function runAll(pipeline: SimulatedPipeline): void {
  while (pipeline.nextTime < Number.POSITIVE_INFINITY) pipeline.step(pipeline.nextTime)
}

test('rows that read what was written before pass', () => {
  const pipeline = createPipeline()
  send(pipeline, 0, [0, 1])
  send(pipeline, 1, [2])
  runAll(pipeline)
  assert.ok(pipeline.returnsAt < Number.POSITIVE_INFINITY)
})

test('a cell that nobody wrote is noticed', () => {
  const pipeline = createPipeline()
  send(pipeline, 0, [0])
  send(pipeline, 1, [2])
  assert.throws(() => runAll(pipeline), /a live row at position 2 reads a cell nobody wrote for position 1/)
})

test('a cell that was written for another position is noticed', () => {
  const pipeline = createPipeline()
  send(pipeline, 0, [0, 1])
  runAll(pipeline)
  pipeline.collect()
  pipeline.release()
  pipeline.map(SEQUENCE, 0, cells(1, 0, 2))
  send(pipeline, 1, [2])
  assert.throws(() => runAll(pipeline), /reads a cell nobody wrote for position 0/)
})

test('a row that died poisons its cell, and only who lives is at fault', () => {
  for (const dead of [0b10, 0b110]) {
    const pipeline = createPipeline()
    send(pipeline, 0, [0])
    send(pipeline, 1, [0, 1, 2])
    // Before any stage looks at it.
    pipeline.cancel(1 as MicroBatchNumber, dead)
    if (dead === 0b110) runAll(pipeline)
    else assert.throws(() => runAll(pipeline), /a live row at position 2 reads a cell nobody wrote for position 1/)
  }
})

test.run()
