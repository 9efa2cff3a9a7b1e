// Splits the layers of a model into contiguous stages of nearly equal cost. Pure.
import { assert } from '../../errors.ts'

/** Layers `first .. first + count - 1`. */
export interface LayerRange {
  readonly first: number
  readonly count: number
}

/**
 * Contiguous ranges, one per stage, each with at least one layer, whose largest cost is as small as possible.
 * `layerCosts`: any non-negative unit. `headCost` is paid by the last stage. Needs `1 <= stages <= layers`.
 */
export function partitionLayers(layerCosts: readonly number[], headCost: number, stages: number): LayerRange[] {
  assert(stages >= 1 && stages <= layerCosts.length, `${stages} stages for ${layerCosts.length} layers`)
  let low = Math.max(...layerCosts, headCost)
  let high = layerCosts.reduce((sum, cost) => sum + cost, headCost)
  // Bisect on the largest cost allowed; 50 halvings leave less than one part in 10^15.
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (rangesWithin(layerCosts, headCost, middle).length <= stages) high = middle
    else low = middle
  }
  return withExactly(stages, rangesWithin(layerCosts, headCost, high), layerCosts)
}

/** Fills stages from the last layer backwards, so that the head's cost is met where it belongs. */
function rangesWithin(layerCosts: readonly number[], headCost: number, limit: number): LayerRange[] {
  const ranges: LayerRange[] = []
  let end = layerCosts.length
  let cost = headCost
  for (let layer = layerCosts.length - 1; layer >= 0; layer--) {
    if (layer < end - 1 && cost + layerCosts[layer]! > limit) {
      ranges.unshift({ first: layer + 1, count: end - layer - 1 })
      end = layer + 1
      cost = 0
    }
    cost += layerCosts[layer]!
  }
  ranges.unshift({ first: 0, count: end })
  return ranges
}

/** Splits the costliest divisible range until there are `stages` of them. */
function withExactly(stages: number, ranges: LayerRange[], layerCosts: readonly number[]): LayerRange[] {
  const cost = ({ first, count }: LayerRange) =>
    count < 2 ? -1 : layerCosts.slice(first, first + count).reduce((sum, layer) => sum + layer, 0)
  while (ranges.length < stages) {
    const widest = ranges.reduce((best, range, i) => (cost(range) > cost(ranges[best]!) ? i : best), 0)
    const { first, count } = ranges[widest]!
    const half = count >> 1
    ranges.splice(widest, 1, { first, count: half }, { first: first + half, count: count - half })
  }
  return ranges
}
