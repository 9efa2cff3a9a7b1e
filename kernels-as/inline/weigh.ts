import { cellAt, CELLS_AHEAD, eight, elementAt, factorAt, first4, last4, touch } from './cells'
import { HALF_FACTOR, HALF_MASK, held } from './half'

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
  let touched = 0
  // Tiles of as many cells as are touched ahead: they stay in the nearest cache while their elements are gone through.
  for (let i = 0; i < count; i += CELLS_AHEAD) {
    const at = offsets + (<usize>i << 2)
    touched += weighTile<T, H>(out, outBytes, i == 0, weights, cells, at, count - i, elements, mask, half)
    weights += <usize>CELLS_AHEAD * 4 * offsetof<H>()
  }
  store<i32>(scratch, touched)
}

/** Adds the first tile of `left` cells to what is in `out`, unless it is the first of all; touches the next one. */
// @ts-ignore: decorator
@inline
function weighTile<T, H>(
  out: usize, outBytes: usize, isFirst: bool, weights: usize, cells: usize, offsets: usize, left: i32,
  elements: usize, mask: v128, half: v128,
): i32 {
  const count = min(CELLS_AHEAD, left)
  const ahead = <usize>min(CELLS_AHEAD, left - count)
  let touched = 0
  for (let d: usize = 0; d < elements; d += 8) {
    for (let j = (ahead * d) / elements; j < (ahead * (d + 8)) / elements; j++) {
      touched += touch<T>(cellAt(cells, offsets, CELLS_AHEAD + <i32>j), elements)
    }
    const to = out + (d << 2)
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    if (!isFirst) {
      a0 = v128.load(to)
      b0 = v128.load(to, 16)
      if (offsetof<H>() > 1) {
        a1 = v128.load(to + outBytes)
        b1 = v128.load(to + outBytes, 16)
      }
      if (offsetof<H>() > 2) {
        a2 = v128.load(to + 2 * outBytes)
        b2 = v128.load(to + 2 * outBytes, 16)
        a3 = v128.load(to + 3 * outBytes)
        b3 = v128.load(to + 3 * outBytes, 16)
      }
    }
    let w = weights
    for (let i = 0; i < count; i++) {
      const cell = cellAt(cells, offsets, i)
      const v = cell + elementAt<T>(d)
      const both = eight<T>(v)
      const factor = factorAt<T>(cell, d, elements, half)
      const x = first4<T>(v, both, mask, factor), y = last4<T>(v, both, mask, factor)
      let weight = v128.load32_splat(w)
      a0 = f32x4.add(a0, f32x4.mul(weight, x))
      b0 = f32x4.add(b0, f32x4.mul(weight, y))
      if (offsetof<H>() > 1) {
        weight = v128.load32_splat(w, 4)
        a1 = f32x4.add(a1, f32x4.mul(weight, x))
        b1 = f32x4.add(b1, f32x4.mul(weight, y))
      }
      if (offsetof<H>() > 2) {
        weight = v128.load32_splat(w, 8)
        a2 = f32x4.add(a2, f32x4.mul(weight, x))
        b2 = f32x4.add(b2, f32x4.mul(weight, y))
        weight = v128.load32_splat(w, 12)
        a3 = f32x4.add(a3, f32x4.mul(weight, x))
        b3 = f32x4.add(b3, f32x4.mul(weight, y))
      }
      w += 4 * offsetof<H>()
    }
    v128.store(to, a0)
    v128.store(to, b0, 16)
    if (offsetof<H>() > 1) {
      v128.store(to + outBytes, a1)
      v128.store(to + outBytes, b1, 16)
    }
    if (offsetof<H>() > 2) {
      v128.store(to + 2 * outBytes, a2)
      v128.store(to + 2 * outBytes, b2, 16)
      v128.store(to + 3 * outBytes, a3)
      v128.store(to + 3 * outBytes, b3, 16)
    }
  }
  return touched
}
