import { elementBytes, load1, load4, rowAt } from './cells'
import { C0, C1 } from './constants'
import { sumLanes } from './lanes'

/**
 * scores[i] = (q . row i of the list) * scale, rows of type T. Element d goes to lane d mod 4 of the accumulator
 * (d / 4) mod 2; the two are added, then lanes as (0 + 2) + (1 + 3), then the elements beyond the last whole four.
 */
// @ts-ignore: decorator
@inline
export function score<T>(
  scores: usize, q: usize, base: usize, offsets: usize, rows: i32, headDim: i32, scale: f32, mask: v128,
  factor: v128,
): void {
  let i = 0
  for (; i + 4 <= rows; i += 4) {
    let k0 = rowAt(base, offsets, i)
    let k1 = rowAt(base, offsets, i + 1)
    let k2 = rowAt(base, offsets, i + 2)
    let k3 = rowAt(base, offsets, i + 3)
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    let x = q
    const whole = q + (<usize>(headDim & ~7) << 2)
    for (; x < whole; x += 32) {
      const x0 = v128.load(x)
      const x1 = v128.load(x, 16)
      a0 = f32x4.add(a0, f32x4.mul(x0, load4<T, C0>(k0, mask, factor)))
      b0 = f32x4.add(b0, f32x4.mul(x1, load4<T, C1>(k0, mask, factor)))
      a1 = f32x4.add(a1, f32x4.mul(x0, load4<T, C0>(k1, mask, factor)))
      b1 = f32x4.add(b1, f32x4.mul(x1, load4<T, C1>(k1, mask, factor)))
      a2 = f32x4.add(a2, f32x4.mul(x0, load4<T, C0>(k2, mask, factor)))
      b2 = f32x4.add(b2, f32x4.mul(x1, load4<T, C1>(k2, mask, factor)))
      a3 = f32x4.add(a3, f32x4.mul(x0, load4<T, C0>(k3, mask, factor)))
      b3 = f32x4.add(b3, f32x4.mul(x1, load4<T, C1>(k3, mask, factor)))
      k0 += elementBytes<T>(8)
      k1 += elementBytes<T>(8)
      k2 += elementBytes<T>(8)
      k3 += elementBytes<T>(8)
    }
    if (headDim & 4) {
      const x0 = v128.load(x)
      a0 = f32x4.add(a0, f32x4.mul(x0, load4<T, C0>(k0, mask, factor)))
      a1 = f32x4.add(a1, f32x4.mul(x0, load4<T, C0>(k1, mask, factor)))
      a2 = f32x4.add(a2, f32x4.mul(x0, load4<T, C0>(k2, mask, factor)))
      a3 = f32x4.add(a3, f32x4.mul(x0, load4<T, C0>(k3, mask, factor)))
      x += 16
      k0 += elementBytes<T>(4)
      k1 += elementBytes<T>(4)
      k2 += elementBytes<T>(4)
      k3 += elementBytes<T>(4)
    }
    let sums = sumLanes4(f32x4.add(a0, b0), f32x4.add(a1, b1), f32x4.add(a2, b2), f32x4.add(a3, b3))
    for (let d = headDim & 3; d > 0; d--) {
      const first = f32x4.replace_lane(f32x4.splat(load1<T>(k0)), 1, load1<T>(k1))
      const k = f32x4.replace_lane(f32x4.replace_lane(first, 2, load1<T>(k2)), 3, load1<T>(k3))
      sums = f32x4.add(sums, f32x4.mul(v128.load32_splat(x), k))
      x += 4
      k0 += elementBytes<T>(1)
      k1 += elementBytes<T>(1)
      k2 += elementBytes<T>(1)
      k3 += elementBytes<T>(1)
    }
    v128.store(scores + (<usize>i << 2), f32x4.mul(sums, f32x4.splat(scale)))
  }
  for (; i < rows; i++) {
    store<f32>(scores + (<usize>i << 2), score1<T>(q, rowAt(base, offsets, i), headDim, mask, factor) * scale)
  }
}

/** One row, with the same order of additions. */
// @ts-ignore: decorator
@inline
function score1<T>(x: usize, k: usize, headDim: i32, mask: v128, factor: v128): f32 {
  let a = f32x4.splat(0), b = a
  const whole = x + (<usize>(headDim & ~7) << 2)
  for (; x < whole; x += 32) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), load4<T, C0>(k, mask, factor)))
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), load4<T, C1>(k, mask, factor)))
    k += elementBytes<T>(8)
  }
  if (headDim & 4) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), load4<T, C0>(k, mask, factor)))
    x += 16
    k += elementBytes<T>(4)
  }
  let sum = sumLanes(f32x4.add(a, b))
  for (let d = headDim & 3; d > 0; d--) {
    sum += load<f32>(x) * load1<T>(k)
    x += 4
    k += elementBytes<T>(1)
  }
  return sum
}

/** sumLanes of each of four vectors. */
// @ts-ignore: decorator
@inline
function sumLanes4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7))
}
