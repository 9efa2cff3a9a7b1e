// Loading, storing and summing the lanes of a vector.

/** The `count` (1..3) floats at `at`, the other lanes `fill`. Reads nothing beyond them. */
// @ts-ignore: decorator
@inline
export function loadPartial(at: usize, count: i32, fill: f32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(fill), 0, load<f32>(at))
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(at, 4))
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(at, 8))
  return v
}

/** The four floats at `at` of which `count` exist, the other lanes 0. */
// @ts-ignore: decorator
@inline
export function loadPadded(at: usize, count: i32): v128 {
  return count >= 4 ? v128.load(at) : count > 0 ? loadPartial(at, count, 0) : f32x4.splat(0)
}

/** Stores the first `count` (1..3) lanes. */
// @ts-ignore: decorator
@inline
export function storePartial(at: usize, v: v128, count: i32): void {
  store<f32>(at, f32x4.extract_lane(v, 0))
  if (count > 1) store<f32>(at, f32x4.extract_lane(v, 1), 4)
  if (count > 2) store<f32>(at, f32x4.extract_lane(v, 2), 8)
}

/** (lane 0 + lane 2) + (lane 1 + lane 3). */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  const pair = f32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1))
  return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1)
}

/** The largest lane; a NaN lane is never chosen over a number in lane 0. */
// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  const pair = f32x4.pmax(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1))
  return f32x4.extract_lane(f32x4.pmax(pair, v128.shuffle<i32>(pair, pair, 1, 0, 3, 2)), 0)
}

/** The sum of the four i32 lanes. */
// @ts-ignore: decorator
@inline
export function sumWords(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
}

/** sumLanes of each of four vectors. */
// @ts-ignore: decorator
@inline
export function sumLanes4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7))
}

/** sumWords of each of four vectors. */
// @ts-ignore: decorator
@inline
export function sumWords4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7))
}
