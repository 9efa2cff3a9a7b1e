import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commonPrefix, decodeSpeed, percentile, sideBySide, tokenGaps } from '../../bench/statistics.ts'

test('every token after the first has a gap', () => {
  assert.equal(tokenGaps([5, 15, 40]), [10, 25])
  assert.equal(tokenGaps([5]), [])
  assert.equal(tokenGaps([]), [])
})

test('tokens of one moment share the time before it', () => {
  assert.equal(tokenGaps([5, 5, 15, 15, 45]), [5, 5, 30])
  assert.equal(tokenGaps([5, 5, 5]), [])
})

test('gaps add up to the time from the first to the last token', () => {
  const arrivals = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2 }).map((steps) => {
    let ms = 1
    return steps.map((step) => {
      ms += step
      return ms
    })
  })
  fc.assert(
    fc.property(arrivals, (times) => {
      const sum = tokenGaps(times).reduce((total, gap) => total + gap, 0)
      assert.ok(Math.abs(sum - (times.at(-1)! - times[0]!)) < 1e-6)
    }),
  )
})

test('median, best and mean speed over generations', () => {
  const speed = decodeSpeed([
    [100, 120, 140],
    [100, 110, 150],
  ])
  assert.equal(speed, { medianTokS: 50, bestTokS: 100, meanTokS: 4000 / 90 })
})

test('tokens below two milliseconds: the best stretch, not the shortest gap', () => {
  const times = [0, 1, 1.0625, 2, 2.5, 3, 3.5, 4, 5]
  const { bestTokS } = decodeSpeed([times])
  assert.is(bestTokS, 2000)
  assert.ok(Math.abs(decodeSpeed([[0, 0.5, 1]]).bestTokS - 2000) < 1e-6)
})

test('nothing timed is no speed', () => {
  assert.equal(decodeSpeed([]), { medianTokS: Number.NaN, bestTokS: Number.NaN, meanTokS: Number.NaN })
  assert.ok(Number.isNaN(decodeSpeed([[3], [4, 4]]).bestTokS))
  assert.is(decodeSpeed([[3], [4, 14]]).bestTokS, 100)
})

test('texts side by side: what was written while all of them were', () => {
  // Two tokens in 10 ms each between 20 and 40; before, one had the pipeline for itself.
  const { tokS, gapsMs } = sideBySide([
    [1, 2, 3, 20, 30, 40],
    [20, 30, 40, 50],
  ])
  assert.is(tokS, 200)
  assert.equal(gapsMs, [10, 10, 10, 10])
  // So do clocks that are read a moment later for one of them.
  const late = [20.1, 30.1, 40.1, 50.1]
  assert.ok(Math.abs(sideBySide([[20, 30, 40], late]).tokS - 200) < 1e-6)
  const apart = [
    [1, 2],
    [3, 4],
  ]
  assert.ok(Number.isNaN(sideBySide(apart).tokS), 'never together')
})

test('percentiles: the least value that so many do not exceed', () => {
  assert.is(percentile([3, 1, 2], 0.5), 2)
  assert.is(percentile([3, 1, 2], 1), 3)
  assert.is(percentile([7], 0), 7)
  assert.ok(Number.isNaN(percentile([], 0.5)))
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const found = percentile(values, share)
        const notAbove = values.filter((value) => value <= found).length
        assert.ok(values.includes(found) && notAbove >= share * values.length - 1e-9)
        assert.ok(values.filter((value) => value < found).length < Math.max(1, share * values.length + 1e-9))
      },
    ),
  )
})

test('common prefix', () => {
  assert.equal([commonPrefix([1, 2, 3], [1, 2, 4]), commonPrefix([1, 2], [1]), commonPrefix([1], [1, 2])], [2, 1, 1])
})

test.run()
