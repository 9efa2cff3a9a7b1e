// Costs that were measured at a start, while code was still compiled, do not stay when what was measured since disproves them.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LiveTimes } from '../../../../engine/speculation/auto/live-times.ts'
import { StepCosts } from '../../../../engine/speculation/auto/step-costs.ts'

test('a first time that was long counts for nothing beside a second one', () => {
  const times = new LiveTimes()
  for (const time of [300, 250, 20, 21]) times.note(0, time)
  assert.ok(times.time(0)! < 22, `${times.time(0)}`)
})

test('nothing takes longer alone than beside a drafter', () => {
  const costs = new StepCosts(2, { sharesCores: true })
  costs.noteService(1, 90_000, false)
  costs.noteLatency(180_000, false)
  costs.noteService(1, 20_000, true)
  costs.noteLatency(42_000, true)
  assert.is(costs.serviceUs(1, false), 20_000)
  assert.is(costs.latencyUs(1, false), 42_000)
})

test('beside a drafter that is no model steps take what they take alone', () => {
  const costs = new StepCosts(1, { isDrafterLight: true })
  costs.noteService(1, 90_000, false)
  costs.noteService(1, 20_000, true)
  assert.is(costs.serviceUs(1, false), 20_000)
  assert.is(costs.serviceUs(1, true), 20_000)
})

test('rows take no longer together than in smaller micro-batches', () => {
  const costs = new StepCosts(1)
  costs.noteService(8, 500_000, false)
  costs.noteService(4, 30_000, false)
  assert.is(costs.serviceUs(8, false), 60_000)
  assert.is(costs.serviceUs(4, false), 30_000)
})

test('what was measured alone is not held against what is guessed from other rows beside a drafter', () => {
  const costs = new StepCosts(1)
  for (const rows of [1, 3]) costs.noteService(rows, 10_000, true)
  costs.noteService(8, 18_000, true)
  costs.noteService(5, 18_000, false)
  assert.is(costs.serviceUs(5, false), 18_000)
  assert.is(costs.serviceUs(3, false), 10_000)
})

test('sizes between measured ones are believed cheap until they are measured themselves', () => {
  const costs = new StepCosts(1)
  for (const [rows, us] of [
    [1, 10_000],
    [3, 10_000],
    [6, 20_000],
  ] as const)
    costs.noteService(rows, us, false)
  assert.is(costs.serviceUs(6, false), 20_000)
  assert.ok(costs.serviceUs(5, false) < 15_000)
  costs.noteService(5, 20_000, false)
  assert.is(costs.serviceUs(5, false), 20_000)
  assert.ok(costs.serviceUs(4, false) < 15_000)
})

test.run()
