import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Sample, Watchdog } from './watchdog.ts'

const LIMITS = { quietSecondsMax: 120, busySecondsMax: 300 }
const SECOND = 1000

/** What the watchdog says of the same sample again and again: after how many seconds, and why. */
function verdict(sample: Omit<Sample, 'elapsedMs'>, secondsMax = 5000): [seconds: number, why: string] {
  const watchdog = new Watchdog(LIMITS)
  for (let seconds = 1; seconds <= secondsMax; seconds++) {
    const why = watchdog.observe({ elapsedMs: SECOND, ...sample })
    if (why !== undefined) return [seconds, why]
  }
  return [Number.POSITIVE_INFINITY, '']
}

test('watchdog: what stands still is stopped, also when it polls', () => {
  const expected = [120, 'stopped: no progress for 120 s']
  assert.equal(verdict({ outputBytes: 0, busyMs: 0, waitedMs: 0 }), expected)
  assert.equal(verdict({ outputBytes: 0, busyMs: 30, waitedMs: 10 }), expected)
})

test('watchdog: what waits for a processor goes on, however slow the machine', () => {
  assert.is(verdict({ outputBytes: 0, busyMs: 20, waitedMs: 980 })[0], Number.POSITIVE_INFINITY)
  assert.is(verdict({ outputBytes: 2, busyMs: 0, waitedMs: 0 })[0], Number.POSITIVE_INFINITY)
  assert.is(verdict({ outputBytes: 2, busyMs: 2000, waitedMs: 0 })[0], Number.POSITIVE_INFINITY)
})

test('watchdog: what runs in circles is stopped after so much processor time', () => {
  const why = 'stopped: one test took more than 300 s of processor time'
  assert.equal(verdict({ outputBytes: 0, busyMs: 1000, waitedMs: 0 }), [300, why])
  assert.equal(verdict({ outputBytes: 0, busyMs: 2000, waitedMs: 500 }), [150, why])
  assert.equal(verdict({ outputBytes: 0, busyMs: 250, waitedMs: 700 }), [1200, why])
})

test('watchdog: where nobody tells what was used, time counts between two tests', () => {
  assert.equal(verdict({ outputBytes: 0, busyMs: undefined, waitedMs: 0 }), [
    300,
    'stopped: one test took more than 300 s of time',
  ])
  assert.is(verdict({ outputBytes: 1, busyMs: undefined, waitedMs: 0 })[0], Number.POSITIVE_INFINITY)
})

test('watchdog: a machine that was asleep for hours stops nothing', () => {
  const watchdog = new Watchdog(LIMITS)
  assert.is(watchdog.observe({ elapsedMs: 9e6, outputBytes: 0, busyMs: 0, waitedMs: 0 }), undefined)
})

test('watchdog: progress at any moment starts the time anew', () => {
  const quiet: Sample = { elapsedMs: SECOND, outputBytes: 0, busyMs: 0, waitedMs: 0 }
  const progress = fc.constantFrom<Partial<Sample>>({ outputBytes: 1 }, { busyMs: 100 }, { waitedMs: 100 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 118 }), progress), { maxLength: 8 }), (stretches) => {
      const watchdog = new Watchdog(LIMITS)
      for (const [seconds, change] of stretches) {
        for (let i = 0; i < seconds; i++) assert.is(watchdog.observe(quiet), undefined)
        assert.is(watchdog.observe({ ...quiet, ...change }), undefined)
      }
      for (let i = 0; i < 119; i++) assert.is(watchdog.observe(quiet), undefined)
      assert.type(watchdog.observe(quiet), 'string')
    }),
  )
})

test.run()
