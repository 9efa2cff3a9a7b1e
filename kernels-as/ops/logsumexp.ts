import { exp } from '../inline/exp'
import { loadPartial, maxLanes } from '../inline/lanes'
import { ln } from '../inline/log'

/**
 * ln(sum of e^logit) over `n` >= 1 floats: shifted by the largest, summed in f64 (id i in accumulator i mod 4, those
 * as (0 + 2) + (1 + 3)). NaN if any logit is NaN or +infinity, or all are -infinity.
 */
export function logsumexp(logits: usize, n: i32): f64 {
  const end = logits + (<usize>(n & ~3) << 2)
  const rest = n & 3
  let largest = f32x4.splat(-Infinity)
  for (let at = logits; at < end; at += 16) largest = f32x4.pmax(largest, v128.load(at))
  if (rest) largest = f32x4.pmax(largest, loadPartial(end, rest, -Infinity))
  const max = maxLanes(largest)
  const shift = f32x4.splat(max)
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  for (let at = logits; at < end; at += 16) {
    const e = exp(f32x4.sub(v128.load(at), shift))
    low = f64x2.add(low, f64x2.promote_low_f32x4(e))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(e, e, 1, 1)))
  }
  if (rest) {
    const e = exp(f32x4.sub(loadPartial(end, rest, -Infinity), shift))
    low = f64x2.add(low, f64x2.promote_low_f32x4(e))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(e, e, 1, 1)))
  }
  const sums = f64x2.add(low, high)
  return <f64>max + ln(f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1))
}
