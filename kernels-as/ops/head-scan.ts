/**
 * The `count` best of `n` logits, best first (larger logit, then smaller id): ids to `outIds` (i32[count]), logits to
 * `outLogits` (f32[count]). NaN is never chosen; where fewer than `count` numbers exist, the rest is id -1 and logit
 * -infinity. Returns how many logits are NaN.
 */
export function head_scan(outIds: usize, outLogits: usize, logits: usize, n: i32, count: i32): i32 {
  let found = 0
  let nans = 0
  let worst: f32 = count > 0 ? -Infinity : Infinity
  let id = 0
  for (; id < n; ) {
    if (found == count && id + 4 <= n) {
      const v = v128.load(logits)
      const numbers = i32x4.bitmask(f32x4.eq(v, v))
      nans += 4 - popcnt(numbers)
      let better = i32x4.bitmask(f32x4.gt(v, f32x4.splat(worst)))
      for (; better; better &= better - 1) {
        const lane = ctz(better)
        const value = load<f32>(logits + (<usize>lane << 2))
        if (value > worst) {
          insert(outIds, outLogits, count - 1, id + lane, value)
          worst = load<f32>(outLogits + (<usize>(count - 1) << 2))
        }
      }
      logits += 16
      id += 4
    } else {
      const value = load<f32>(logits)
      if (value != value) nans++
      else if (found < count) insert(outIds, outLogits, found++, id, value)
      else if (value > worst) insert(outIds, outLogits, count - 1, id, value)
      if (found == count && count > 0) worst = load<f32>(outLogits + (<usize>(count - 1) << 2))
      logits += 4
      id++
    }
  }
  for (; found < count; found++) {
    store<i32>(outIds + (<usize>found << 2), -1)
    store<f32>(outLogits + (<usize>found << 2), -Infinity)
  }
  return nans
}

/** Puts a logit that belongs before position `last` or there into the sorted list; what stood at `last` is dropped. */
// @ts-ignore: decorator
@inline
function insert(ids: usize, logits: usize, last: i32, id: i32, value: f32): void {
  let at = last
  for (; at > 0; at--) {
    const before = <usize>(at - 1) << 2
    const other = load<f32>(logits + before)
    if (other >= value) break
    store<f32>(logits + before, other, 4)
    store<i32>(ids + before, load<i32>(ids + before), 4)
  }
  store<f32>(logits + (<usize>at << 2), value)
  store<i32>(ids + (<usize>at << 2), id)
}
