import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PlainTimes } from '../../../../engine/speculation/auto/plain-times.ts'

test('plain times: nothing seen, nothing said', () => {
  assert.is(new PlainTimes().step(1, 1), undefined)
  const times = new PlainTimes()
  times.note(1, 0, false)
  times.note(1, Number.NaN, false)
  assert.is(times.step(1, 1), undefined)
})

test('plain times: the mean of many, the shortest of few', () => {
  const times = new PlainTimes()
  for (const us of [900, 100, 120]) times.note(1, us, false)
  assert.equal(times.step(1, 1), { us: 100, isBound: false })
  for (const us of [100, 100, 100]) times.note(1, us, false)
  assert.equal(times.step(1, 1), { us: 1420 / 6, isBound: false })
})

test('plain times: old steps count half', () => {
  const times = new PlainTimes()
  for (let i = 0; i < 1000; i++) times.note(1, 100, false)
  for (let i = 0; i < 1000; i++) times.note(1, 300, false)
  assert.ok(times.step(1, 1)!.us > 290)
})

test('plain times: steps beside a drafter count only where there are no others, for the share that remains', () => {
  const times = new PlainTimes()
  times.note(1, 130, true)
  assert.equal(times.step(1, 0.5), { us: 65, isBound: false })
  times.note(1, 100, false)
  assert.equal(times.step(1, 0.5), { us: 100, isBound: false })
})

test('plain times: steps of more rows are a bound', () => {
  const times = new PlainTimes()
  times.note(5, 500, false)
  times.note(3, 300, true)
  assert.equal(times.step(1, 0.5), { us: 150, isBound: true })
  assert.equal(times.step(3, 0.5), { us: 150, isBound: false })
  assert.equal(times.step(4, 0.5), { us: 500, isBound: true })
  assert.is(times.step(6, 1), undefined)
})

test.run()
