import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PlainPace } from '../../../../engine/speculation/auto/plain-pace.ts'

test('plain pace: nothing seen, nothing said', () => {
  assert.is(new PlainPace().step(1, 1), undefined)
  const pace = new PlainPace()
  pace.note(1, 0, false)
  pace.note(1, Number.NaN, false)
  assert.is(pace.step(1, 1), undefined)
})

test('plain pace: the mean of many, the shortest of few', () => {
  const pace = new PlainPace()
  for (const us of [900, 100, 120]) pace.note(1, us, false)
  assert.equal(pace.step(1, 1), { us: 100, isBound: false })
  for (const us of [100, 100, 100]) pace.note(1, us, false)
  assert.equal(pace.step(1, 1), { us: 1420 / 6, isBound: false })
})

test('plain pace: old steps count half', () => {
  const pace = new PlainPace()
  for (let i = 0; i < 1000; i++) pace.note(1, 100, false)
  for (let i = 0; i < 1000; i++) pace.note(1, 300, false)
  assert.ok(pace.step(1, 1)!.us > 290)
})

test('plain pace: steps beside a drafter count only where there are no others, for the share that remains', () => {
  const pace = new PlainPace()
  pace.note(1, 130, true)
  assert.equal(pace.step(1, 0.5), { us: 65, isBound: false })
  pace.note(1, 100, false)
  assert.equal(pace.step(1, 0.5), { us: 100, isBound: false })
})

test('plain pace: steps of more rows are a bound', () => {
  const pace = new PlainPace()
  pace.note(5, 500, false)
  pace.note(3, 300, true)
  assert.equal(pace.step(1, 0.5), { us: 150, isBound: true })
  assert.equal(pace.step(3, 0.5), { us: 150, isBound: false })
  assert.equal(pace.step(4, 0.5), { us: 500, isBound: true })
  assert.is(pace.step(6, 1), undefined)
})

test.run()
