import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { partitionLayers } from '../../../../engine/model/memory/partition.ts'

/** The smallest possible largest cost, by trying every split. */
function bestLargest(costs: readonly number[], headCost: number, stages: number): number {
  const total = (from: number, to: number) => costs.slice(from, to).reduce((sum, cost) => sum + cost, 0)
  if (stages === 1) return total(0, costs.length) + headCost
  let best = Number.POSITIVE_INFINITY
  for (let first = 1; first <= costs.length - stages + 1; first++) {
    best = Math.min(best, Math.max(total(0, first), bestLargest(costs.slice(first), headCost, stages - 1)))
  }
  return best
}

test('ranges are contiguous, not empty, as many as wanted, and as even as can be', () => {
  const costs = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 9 })
  fc.assert(
    fc.property(costs, fc.integer({ min: 0, max: 200 }), fc.nat(), (layerCosts, headCost, pick) => {
      const stages = 1 + (pick % layerCosts.length)
      const ranges = partitionLayers(layerCosts, headCost, stages)
      assert.is(ranges.length, stages)
      let next = 0
      let largest = 0
      for (const [stage, { first, count }] of ranges.entries()) {
        assert.is(first, next)
        assert.ok(count >= 1)
        next += count
        const own = layerCosts.slice(first, next).reduce((sum, cost) => sum + cost, 0)
        largest = Math.max(largest, own + (stage === stages - 1 ? headCost : 0))
      }
      assert.is(next, layerCosts.length)
      assert.is(largest, bestLargest(layerCosts, headCost, stages))
    }),
  )
})

test.run()
