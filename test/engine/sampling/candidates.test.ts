import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Candidates } from '../../../engine/sampling/candidates.ts'

/** Many equal ones, some far below the best, some banned. */
const logits = fc.array(
  fc.oneof(
    fc.integer({ min: -30, max: 30 }),
    fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0, 0.5),
  ),
  { minLength: 1, maxLength: 80 },
)

test('ranks are the order of logits, lower ids first among equals, however far they are asked for', () => {
  const candidates = new Candidates(80)
  fc.assert(
    fc.property(logits, fc.integer({ min: 0, max: 79 }), (values, asked) => {
      const sorted = [...values.keys()].sort((a, b) => (values[a]! === values[b]! ? a - b : values[b]! > values[a]! ? 1 : -1)) // biome-ignore format: one line reads better
      candidates.clear()
      // Backwards, so that ids do not come in order.
      for (let id = values.length - 1; id >= 0; id--) candidates.push(id, values[id]!)
      candidates.order()
      const ranks = Math.min(asked + 1, values.length)
      for (let rank = 0; rank < ranks; rank++) {
        assert.is(candidates.idAt(rank), sorted[rank])
        assert.is(candidates.logitAt(rank), values[sorted[rank]!])
      }
      assert.is(candidates.idAt(0), sorted[0], 'the best one stays the best')
    }),
  )
})

test('all logits of a row at once, but for those that are no number', () => {
  const candidates = new Candidates(4)
  candidates.pushAll(Float32Array.of(1, Number.NaN, 3, Number.NEGATIVE_INFINITY, 9), 4)
  candidates.order()
  assert.is(candidates.count, 3)
  assert.equal([0, 1, 2].map((rank) => candidates.idAt(rank)), [2, 0, 3]) // biome-ignore format: one line reads better
})

test.run()
