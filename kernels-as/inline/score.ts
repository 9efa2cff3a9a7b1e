import { cellAt, eight, elementAt, factorAt, first4, last4, touch } from './cells'
import { HALF_FACTOR, HALF_MASK, held } from './half'
import { sumLanes4 } from './lanes'

/** Parts of a list of cells that are gone through side by side. */
// @ts-ignore: decorator
@inline const PARTS: i32 = 4

/**
 * scores[i][h] = query h . cell i of the list, cells of type T, for H (C4, C2, C1) queries f32[elements / 8][H][8]. The list
 * goes on to a multiple of four; the scores beyond `count` are of no use. Element d of a cell is added in order to lane
 * d mod 4 of sum (d / 4) mod 2; the two are added, then lanes as (0 + 2) + (1 + 3). `sums`: 128 bytes.
 *
 * On the way the cells of another list of `count`, of `nextBytes` each, are touched, those that are wanted next. Cells of
 * neighbouring positions mostly lie side by side, and hardware prefetchers stop at the end of a page, which only some tens
 * of cells fill: so both lists are read as several streams, and all of them are found by the prefetchers meanwhile.
 */
export function score<T, H>(
  scores: usize, queries: usize, cells: usize, offsets: usize, count: i32, elements: usize, sums: usize,
  nextCells: usize, nextOffsets: usize, nextBytes: usize,
): void {
  const mask = held(i32x4.splat(HALF_MASK), sums)
  const half = held(i32x4.splat(HALF_FACTOR), sums)
  let touched = 0
  const step: i32 = 4 / <i32>offsetof<H>()
  const steps = (count + step - 1) / step
  const part = (steps + PARTS - 1) / PARTS
  for (let n = 0; n < part * PARTS; n++) {
    // Part after part, step 0 of each, then step 1 of each, ...
    const s = (n % PARTS) * part + n / PARTS
    if (s >= steps) continue
    const i = s * step
    for (let j = i; j < min(count, i + step); j++) touched += touch(cellAt(nextCells, nextOffsets, j), nextBytes)
    const k0 = cellAt(cells, offsets, i)
    let k1 = k0, k2 = k0, k3 = k0
    if (offsetof<H>() < 4) k1 = cellAt(cells, offsets, i + 1)
    if (offsetof<H>() < 2) {
      k2 = cellAt(cells, offsets, i + 2)
      k3 = cellAt(cells, offsets, i + 3)
    }
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    let q = queries
    for (let d: usize = 0; d < elements; d += 8) {
      const at = elementAt<T>(d)
      const e0 = eight<T>(k0 + at), f0 = factorAt<T>(k0, d, elements, half)
      const x0 = first4<T>(k0 + at, e0, mask, f0), y0 = last4<T>(k0 + at, e0, mask, f0)
      a0 = add(a0, v128.load(q), x0)
      b0 = add(b0, v128.load(q, 16), y0)
      if (offsetof<H>() > 1) {
        a1 = add(a1, v128.load(q, 32), x0)
        b1 = add(b1, v128.load(q, 48), y0)
      }
      if (offsetof<H>() > 2) {
        a2 = add(a2, v128.load(q, 64), x0)
        b2 = add(b2, v128.load(q, 80), y0)
        a3 = add(a3, v128.load(q, 96), x0)
        b3 = add(b3, v128.load(q, 112), y0)
      } else {
        const e1 = eight<T>(k1 + at), f1 = factorAt<T>(k1, d, elements, half)
        const x1 = first4<T>(k1 + at, e1, mask, f1), y1 = last4<T>(k1 + at, e1, mask, f1)
        if (offsetof<H>() > 1) {
          a2 = add(a2, v128.load(q), x1)
          b2 = add(b2, v128.load(q, 16), y1)
          a3 = add(a3, v128.load(q, 32), x1)
          b3 = add(b3, v128.load(q, 48), y1)
        } else {
          const e2 = eight<T>(k2 + at), f2 = factorAt<T>(k2, d, elements, half)
          const e3 = eight<T>(k3 + at), f3 = factorAt<T>(k3, d, elements, half)
          a1 = add(a1, v128.load(q), x1)
          b1 = add(b1, v128.load(q, 16), y1)
          a2 = add(a2, v128.load(q), first4<T>(k2 + at, e2, mask, f2))
          b2 = add(b2, v128.load(q, 16), last4<T>(k2 + at, e2, mask, f2))
          a3 = add(a3, v128.load(q), first4<T>(k3 + at, e3, mask, f3))
          b3 = add(b3, v128.load(q, 16), last4<T>(k3 + at, e3, mask, f3))
        }
      }
      q += 32 * offsetof<H>()
    }
    // Through memory, so that V8's revectorization finds the pairs a, b.
    v128.store(sums, a0)
    v128.store(sums, b0, 16)
    v128.store(sums, a1, 32)
    v128.store(sums, b1, 48)
    v128.store(sums, a2, 64)
    v128.store(sums, b2, 80)
    v128.store(sums, a3, 96)
    v128.store(sums, b3, 112)
    const all = sumLanes4(pair(sums), pair(sums + 32), pair(sums + 64), pair(sums + 96))
    v128.store(scores + (<usize>s << 4), all)
  }
  store<i32>(sums, touched)
}

// @ts-ignore: decorator
@inline
function add(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y))
}

// @ts-ignore: decorator
@inline
function pair(at: usize): v128 {
  return f32x4.add(v128.load(at), v128.load(at, 16))
}
