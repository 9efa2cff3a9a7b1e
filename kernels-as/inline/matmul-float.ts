// The product of a float weight matrix with f32 rows. Each output is the sum of two accumulators, over the even and
// over the odd columns, whatever the number of rows in the call.
//
// Four such sums (of eight outputs each) are built at once: of 4 groups with 1 row or 2 groups with 2 rows. Why groups
// are taken side by side: matmul-blocks.ts.
import { C0, C1, C2, C3, C4, kind } from './constants'
import { columnsAt, floatGroupBytes } from './float-weights'
import { HALF_MASK, held } from './half'
import { rowFactors } from './row-factors'
import { groupOf, put, rowOf, sums } from './sums'

/** Groups of a span: what four sums of one row take. */
// @ts-ignore: decorator
@inline const SPAN: i32 = 4

/** T: the weights' type. `scratch`: as of matmul-blocks.ts. */
// @ts-ignore: decorator
@inline
export function matmulFloat<T>(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  const bytes = floatGroupBytes<T>(k)
  let g = groupBegin
  for (; g + SPAN <= groupEnd; g += SPAN) {
    const o = out + (<usize>g << 5)
    const group = w + <usize>g * bytes
    let i = 0
    for (; i + 2 <= n; i += 2) {
      const row = x + <usize>i * xStride
      tile<T, C2, C2>(o + <usize>i * outStride, outStride, group, bytes, row, xStride, k, scratch)
      tile<T, C2, C2>(o + <usize>i * outStride + 64, outStride, group + 2 * bytes, bytes, row, xStride, k, scratch)
    }
    if (i < n) {
      tile<T, C4, C1>(o + <usize>i * outStride, outStride, group, bytes, x + <usize>i * xStride, xStride, k, scratch)
    }
  }
  for (; g < groupEnd; g++) {
    const o = out + (<usize>g << 5)
    const group = w + <usize>g * bytes
    let i = 0
    for (; i + 2 <= n; i += 2) {
      tile<T, C1, C2>(o + <usize>i * outStride, outStride, group, bytes, x + <usize>i * xStride, xStride, k, scratch)
    }
    if (i < n) {
      tile<T, C1, C1>(o + <usize>i * outStride, outStride, group, bytes, x + <usize>i * xStride, xStride, k, scratch)
    }
  }
}

/** G groups x N rows, at most 4 sums: sum I is that of group I / N and row I % N. */
function tile<T, G, N>(
  out: usize, outStride: usize, group: usize, bytes: usize, x: usize, xStride: usize, k: i32, scratch: usize,
): void {
  const column = kind<T>().columnBytes()
  const mask = held(i32x4.splat(HALF_MASK), scratch)
  if (kind<T>().hasFactors()) {
    for (let g: usize = 0; g < offsetof<G>(); g++) {
      v128.store(scratch + 32 * g, rowFactors<C0>(group + g * bytes))
      v128.store(scratch + 32 * g, rowFactors<C1>(group + g * bytes), 16)
    }
  }
  const zero = f32x4.splat(0)
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero
  let a1 = zero, b1 = zero, c1 = zero, d1 = zero
  let a2 = zero, b2 = zero, c2 = zero, d2 = zero
  let a3 = zero, b3 = zero, c3 = zero, d3 = zero
  let w = group + columnsAt<T>(k)
  const evenEnd = w + <usize>(k & ~1) * column
  for (; w < evenEnd; w += 2 * column) {
    a0 = multiplyAdd<T, N, C0, C0, C0>(a0, w, bytes, x, xStride, scratch, mask)
    b0 = multiplyAdd<T, N, C0, C1, C0>(b0, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 1) a1 = multiplyAdd<T, N, C1, C0, C0>(a1, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 1) b1 = multiplyAdd<T, N, C1, C1, C0>(b1, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 2) a2 = multiplyAdd<T, N, C2, C0, C0>(a2, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 2) b2 = multiplyAdd<T, N, C2, C1, C0>(b2, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 3) a3 = multiplyAdd<T, N, C3, C0, C0>(a3, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 3) b3 = multiplyAdd<T, N, C3, C1, C0>(b3, w, bytes, x, xStride, scratch, mask)
    c0 = multiplyAdd<T, N, C0, C0, C1>(c0, w, bytes, x, xStride, scratch, mask)
    d0 = multiplyAdd<T, N, C0, C1, C1>(d0, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 1) c1 = multiplyAdd<T, N, C1, C0, C1>(c1, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 1) d1 = multiplyAdd<T, N, C1, C1, C1>(d1, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 2) c2 = multiplyAdd<T, N, C2, C0, C1>(c2, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 2) d2 = multiplyAdd<T, N, C2, C1, C1>(d2, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 3) c3 = multiplyAdd<T, N, C3, C0, C1>(c3, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 3) d3 = multiplyAdd<T, N, C3, C1, C1>(d3, w, bytes, x, xStride, scratch, mask)
    x += 8
  }
  if (k & 1) {
    a0 = multiplyAdd<T, N, C0, C0, C0>(a0, w, bytes, x, xStride, scratch, mask)
    b0 = multiplyAdd<T, N, C0, C1, C0>(b0, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 1) a1 = multiplyAdd<T, N, C1, C0, C0>(a1, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 1) b1 = multiplyAdd<T, N, C1, C1, C0>(b1, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 2) a2 = multiplyAdd<T, N, C2, C0, C0>(a2, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 2) b2 = multiplyAdd<T, N, C2, C1, C0>(b2, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 3) a3 = multiplyAdd<T, N, C3, C0, C0>(a3, w, bytes, x, xStride, scratch, mask)
    if (sums<G, N>() > 3) b3 = multiplyAdd<T, N, C3, C1, C0>(b3, w, bytes, x, xStride, scratch, mask)
  }
  put<N, C0>(out, outStride, f32x4.add(a0, c0), f32x4.add(b0, d0))
  if (sums<G, N>() > 1) put<N, C1>(out, outStride, f32x4.add(a1, c1), f32x4.add(b1, d1))
  if (sums<G, N>() > 2) put<N, C2>(out, outStride, f32x4.add(a2, c2), f32x4.add(b2, d2))
  if (sums<G, N>() > 3) put<N, C3>(out, outStride, f32x4.add(a3, c3), f32x4.add(b3, d3))
}

/** `sum`, of sum I and strand S, + the product of column C (C0 or C1) from `w`. */
// @ts-ignore: decorator
@inline
function multiplyAdd<T, N, I, S, C>(
  sum: v128, w: usize, bytes: usize, x: usize, xStride: usize, scratch: usize, mask: v128,
): v128 {
  const column = w + groupOf<N, I>() * bytes + offsetof<C>() * kind<T>().columnBytes()
  const factors = kind<T>().hasFactors() ? v128.load(scratch, 32 * (offsetof<I>() / offsetof<N>()) + 16 * offsetof<S>()) : sum
  const activation = v128.load32_splat(x + rowOf<N, I>() * xStride, 4 * offsetof<C>())
  return f32x4.add(sum, f32x4.mul(kind<T>().weights<S>(column, mask, factors), activation))
}
