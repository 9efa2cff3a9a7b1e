import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { knotRows, neverFalling, timeAt } from '../../../../engine/speculation/costs/cost-shape.ts'

const times = fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 12 })

test('knots are powers of two and the most rows', () => {
  assert.equal(knotRows(64), [1, 2, 4, 8, 16, 32, 64])
  assert.equal(knotRows(100), [1, 2, 4, 8, 16, 32, 64, 100])
  assert.equal(knotRows(1), [1])
  assert.equal(knotRows(3), [1, 2, 3])
})

test('times that never fall stay, others become the nearest that do not', () => {
  assert.equal(neverFalling([1, 2, 2, 5]), [1, 2, 2, 5])
  assert.equal(neverFalling([3, 1]), [2, 2])
  assert.equal(neverFalling([1, 6, 4, 2, 9]), [1, 4, 4, 4, 9])
  assert.equal(neverFalling([4, 4, 1]), [3, 3, 3])
  const squares = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0)
  fc.assert(
    fc.property(times, fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 12, maxLength: 12 }), (found, any) => {
      const never = neverFalling(found)
      assert.is(never.length, found.length)
      for (let i = 1; i < never.length; i++) assert.ok(never[i]! >= never[i - 1]!)
      const other = any.slice(0, found.length).sort((a, b) => a - b)
      assert.ok(squares(never, found) <= squares(other, found) * (1 + 1e-9) + 1e-6)
    }),
  )
})

test('lines are exact at the knots, never fall and go on behind the last', () => {
  assert.is(timeAt([1, 2, 4], [10, 20, 60], 3), 40)
  assert.is(timeAt([1, 2, 4], [10, 20, 60], 6), 100)
  assert.is(timeAt([2, 4], [10, 20], 1), 10)
  assert.is(timeAt([8], [10], 64), 10)
  assert.is(timeAt([], [], 64), 0)
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 }), (found, a, b) => {
      const rows = found.map((_, i) => 2 ** i)
      const rising = neverFalling(found)
      for (const [i, count] of rows.entries()) assert.is(timeAt(rows, rising, count), rising[i])
      const [few, many] = a < b ? [a, b] : [b, a]
      assert.ok(timeAt(rows, rising, few) <= timeAt(rows, rising, many))
    }),
  )
})

test.run()
