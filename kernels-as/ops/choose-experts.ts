import { exp } from '../inline/exp'

/**
 * The `used` experts of a row: ids i32[used] in descending order of their scores, equal ones in that of their ids, and
 * weights f32[used]. A weight is the softmax over all `count` scores, with `normalized` divided by the sum of the chosen
 * ones'. Scores that are NaN make all weights NaN.
 */
export function choose_experts(
  ids: usize, weights: usize, scores: usize, count: i32, used: i32, normalized: i32,
): void {
  let last: f32 = Infinity
  let lastId = -1
  for (let i: usize = 0; i < <usize>used; i++) {
    let best: f32 = -Infinity
    let bestId = -1
    for (let id = 0; id < count; id++) {
      const score = load<f32>(scores + (<usize>id << 2))
      const isLeft = score < last || (score == last && id > lastId)
      if (isLeft && (bestId < 0 || score > best)) {
        best = score
        bestId = id
      }
    }
    last = best
    lastId = bestId
    store<i32>(ids + (i << 2), max(bestId, 0))
    store<f32>(weights + (i << 2), bestId < 0 ? NaN : best)
  }
  weigh(weights, scores, count, used, normalized)
}

/** Scores of the chosen -> their weights. */
// @ts-ignore: decorator
@inline
function weigh(weights: usize, scores: usize, count: i32, used: i32, normalized: i32): void {
  const largest = load<f32>(weights)
  let all: f32 = 0
  for (let id: usize = 0; id < <usize>count; id++) all += exp1(load<f32>(scores + (id << 2)) - largest)
  let chosen: f32 = 0
  for (let i: usize = 0; i < <usize>used; i++) {
    const weight = exp1(load<f32>(weights + (i << 2)) - largest) / all
    store<f32>(weights + (i << 2), weight)
    chosen += weight
  }
  if (!normalized) return
  for (let i: usize = 0; i < <usize>used; i++) {
    store<f32>(weights + (i << 2), load<f32>(weights + (i << 2)) / chosen)
  }
}

// @ts-ignore: decorator
@inline
function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0)
}
