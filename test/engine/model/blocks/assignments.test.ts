import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Assignments } from '../../../../engine/model/blocks/assignments.ts'

test('assignments are numbered by expert, those of an expert by row', () => {
  const assignments = new Assignments(4, 2, 3)
  const experts = [
    [2, 0],
    [0, 3],
    [2, 3],
  ]
  for (const [row, pair] of experts.entries()) {
    for (const [slot, expert] of pair.entries()) assignments.set(row, slot, expert, row + slot / 10)
  }
  assert.is(assignments.order(3), 6)
  assert.equal(Array.from(assignments.starts), [0, 2, 2, 4, 6])
  assert.equal(Array.from(assignments.rows), [0, 1, 0, 2, 1, 2])
  assert.is(assignments.number(0, 0), 2)
  assert.is(assignments.number(0, 1), 0)
  assert.is(assignments.number(2, 1), 5)
  assert.is(assignments.weight(1, 1), Math.fround(1.1))
})

test('fewer rows than before leave nothing behind', () => {
  const assignments = new Assignments(3, 1, 4)
  for (let row = 0; row < 4; row++) assignments.set(row, 0, 2, 1)
  assignments.order(4)
  assignments.set(0, 0, 1, 1)
  assert.is(assignments.order(1), 1)
  assert.equal(Array.from(assignments.starts), [0, 0, 1, 1])
  assert.is(assignments.number(0, 0), 0)
})

test.run()
