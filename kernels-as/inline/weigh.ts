import { cellAt, eight, elementAt, factorAt, first4, last4 } from './cells'
import { C1, C2 } from './constants'
import { HALF_FACTOR, HALF_MASK, held } from './half'

/** Cells of a tile: they stay in the nearest cache while their elements are gone through. */
// @ts-ignore: decorator
@inline const TILE: i32 = 32

/**
 * out[h][d] = sum over i of weights[i][h] * cell i of the list [d], in order of i, cells of type T, for H (C4, C2, C1)
 * heads. Rows of `out` are `outBytes` apart. `scratch`: 16 bytes.
 */
export function weigh<T, H>(
  out: usize, outBytes: usize, weights: usize, cells: usize, offsets: usize, count: i32, elements: usize,
  scratch: usize,
): void {
  const mask = held(i32x4.splat(HALF_MASK), scratch)
  const half = held(i32x4.splat(HALF_FACTOR), scratch)
  for (let i = 0; i < count; i += TILE) {
    const cellsOfTile = min(TILE, count - i)
    const isFirst = i == 0
    let d: usize = 0
    for (; d + 16 <= elements; d += 16) {
      weighElements<T, H, C2>(out, outBytes, isFirst, weights, cells, offsets, cellsOfTile, d, elements, mask, half)
    }
    if (d < elements) {
      weighElements<T, H, C1>(out, outBytes, isFirst, weights, cells, offsets, cellsOfTile, d, elements, mask, half)
    }
    weights += <usize>TILE * 4 * offsetof<H>()
    offsets += <usize>TILE << 2
  }
}

/** Adds `count` cells to elements d .. d + 8 E - 1 (E: C1, C2) of `out`, unless they are the first of all. */
// @ts-ignore: decorator
@inline
function weighElements<T, H, E>(
  out: usize, outBytes: usize, isFirst: bool, weights: usize, cells: usize, offsets: usize, count: i32, d: usize,
  elements: usize, mask: v128, half: v128,
): void {
  const to = out + (d << 2)
  const zero = f32x4.splat(0)
  let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero, d0 = zero, d1 = zero, d2 = zero, d3 = zero
  if (!isFirst) {
    a0 = v128.load(to, 0)
    b0 = v128.load(to, 16)
    if (offsetof<E>() > 1) c0 = v128.load(to, 32)
    if (offsetof<E>() > 1) d0 = v128.load(to, 48)
    if (offsetof<H>() > 1) a1 = v128.load(to + outBytes, 0)
    if (offsetof<H>() > 1) b1 = v128.load(to + outBytes, 16)
    if (offsetof<H>() > 1 && offsetof<E>() > 1) c1 = v128.load(to + outBytes, 32)
    if (offsetof<H>() > 1 && offsetof<E>() > 1) d1 = v128.load(to + outBytes, 48)
    if (offsetof<H>() > 2) a2 = v128.load(to + 2 * outBytes, 0)
    if (offsetof<H>() > 2) b2 = v128.load(to + 2 * outBytes, 16)
    if (offsetof<H>() > 2 && offsetof<E>() > 1) c2 = v128.load(to + 2 * outBytes, 32)
    if (offsetof<H>() > 2 && offsetof<E>() > 1) d2 = v128.load(to + 2 * outBytes, 48)
    if (offsetof<H>() > 2) a3 = v128.load(to + 3 * outBytes, 0)
    if (offsetof<H>() > 2) b3 = v128.load(to + 3 * outBytes, 16)
    if (offsetof<H>() > 2 && offsetof<E>() > 1) c3 = v128.load(to + 3 * outBytes, 32)
    if (offsetof<H>() > 2 && offsetof<E>() > 1) d3 = v128.load(to + 3 * outBytes, 48)
  }
  let w = weights
  for (let i = 0; i < count; i++) {
    const cell = cellAt(cells, offsets, i)
    const v = cell + elementAt<T>(d)
    const factor = factorAt<T>(cell, d, elements, half)
    const both0 = eight<T>(v)
    const x0 = first4<T>(v, both0, mask, factor), y0 = last4<T>(v, both0, mask, factor)
    let x1 = zero, y1 = zero
    if (offsetof<E>() > 1) {
      const more = v + elementAt<T>(8)
      const both1 = eight<T>(more)
      x1 = first4<T>(more, both1, mask, factor)
      y1 = last4<T>(more, both1, mask, factor)
    }
    let weight = v128.load32_splat(w)
    a0 = f32x4.add(a0, f32x4.mul(weight, x0))
    b0 = f32x4.add(b0, f32x4.mul(weight, y0))
    if (offsetof<E>() > 1) c0 = f32x4.add(c0, f32x4.mul(weight, x1))
    if (offsetof<E>() > 1) d0 = f32x4.add(d0, f32x4.mul(weight, y1))
    if (offsetof<H>() > 1) weight = v128.load32_splat(w, 4)
    if (offsetof<H>() > 1) a1 = f32x4.add(a1, f32x4.mul(weight, x0))
    if (offsetof<H>() > 1) b1 = f32x4.add(b1, f32x4.mul(weight, y0))
    if (offsetof<H>() > 1 && offsetof<E>() > 1) c1 = f32x4.add(c1, f32x4.mul(weight, x1))
    if (offsetof<H>() > 1 && offsetof<E>() > 1) d1 = f32x4.add(d1, f32x4.mul(weight, y1))
    if (offsetof<H>() > 2) weight = v128.load32_splat(w, 8)
    if (offsetof<H>() > 2) a2 = f32x4.add(a2, f32x4.mul(weight, x0))
    if (offsetof<H>() > 2) b2 = f32x4.add(b2, f32x4.mul(weight, y0))
    if (offsetof<H>() > 2 && offsetof<E>() > 1) c2 = f32x4.add(c2, f32x4.mul(weight, x1))
    if (offsetof<H>() > 2 && offsetof<E>() > 1) d2 = f32x4.add(d2, f32x4.mul(weight, y1))
    if (offsetof<H>() > 2) weight = v128.load32_splat(w, 12)
    if (offsetof<H>() > 2) a3 = f32x4.add(a3, f32x4.mul(weight, x0))
    if (offsetof<H>() > 2) b3 = f32x4.add(b3, f32x4.mul(weight, y0))
    if (offsetof<H>() > 2 && offsetof<E>() > 1) c3 = f32x4.add(c3, f32x4.mul(weight, x1))
    if (offsetof<H>() > 2 && offsetof<E>() > 1) d3 = f32x4.add(d3, f32x4.mul(weight, y1))
    w += 4 * offsetof<H>()
  }
  v128.store(to, a0, 0)
  v128.store(to, b0, 16)
  if (offsetof<E>() > 1) v128.store(to, c0, 32)
  if (offsetof<E>() > 1) v128.store(to, d0, 48)
  if (offsetof<H>() > 1) v128.store(to + outBytes, a1, 0)
  if (offsetof<H>() > 1) v128.store(to + outBytes, b1, 16)
  if (offsetof<H>() > 1 && offsetof<E>() > 1) v128.store(to + outBytes, c1, 32)
  if (offsetof<H>() > 1 && offsetof<E>() > 1) v128.store(to + outBytes, d1, 48)
  if (offsetof<H>() > 2) v128.store(to + 2 * outBytes, a2, 0)
  if (offsetof<H>() > 2) v128.store(to + 2 * outBytes, b2, 16)
  if (offsetof<H>() > 2 && offsetof<E>() > 1) v128.store(to + 2 * outBytes, c2, 32)
  if (offsetof<H>() > 2 && offsetof<E>() > 1) v128.store(to + 2 * outBytes, d2, 48)
  if (offsetof<H>() > 2) v128.store(to + 3 * outBytes, a3, 0)
  if (offsetof<H>() > 2) v128.store(to + 3 * outBytes, b3, 16)
  if (offsetof<H>() > 2 && offsetof<E>() > 1) v128.store(to + 3 * outBytes, c3, 32)
  if (offsetof<H>() > 2 && offsetof<E>() > 1) v128.store(to + 3 * outBytes, d3, 48)
}
