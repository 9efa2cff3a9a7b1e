// The product of a float weight matrix with f32 rows. Each output is the sum of two accumulators, over the even and
// over the odd columns, whatever the number of rows in the call.
import { C0, C1, C2, same } from './constants'
import { columnBytes, columnsAt, F16, F32, floatGroupBytes, weights4 } from './float-weights'
import { HALF_MASK, held } from './half'
import { rowFactors } from './row-factors'
import { touch } from './touch'

/** Bytes of weights that are touched at once, and how far ahead. */
// @ts-ignore: decorator
@inline const TOUCH_BYTES: usize = 8192

// @ts-ignore: decorator
@inline
export function matmulFloat<T>(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
): void {
  const groupBytes = floatGroupBytes<T>(k)
  const weightsEnd = w + <usize>groupEnd * groupBytes
  for (let g = groupBegin; g < groupEnd; g++) {
    const group = w + <usize>g * groupBytes
    let o = out + (<usize>g << 5)
    let xi = x
    let i = 0
    let touchEnd = weightsEnd
    for (; i + 2 <= n; i += 2) {
      tile<T, C2>(o, outStride, group, xi, xStride, k, touchEnd)
      o += outStride << 1
      xi += xStride << 1
      touchEnd = 0
    }
    if (i < n) tile<T, C1>(o, outStride, group, xi, xStride, k, touchEnd)
  }
}

/** 8 weight rows x N (C1 or C2) activation rows. */
// @ts-ignore: decorator
@inline
function tile<T, N>(
  out: usize, outStride: usize, group: usize, x: usize, xStride: usize, k: i32, touchEnd: usize,
): void {
  const column = columnBytes<T>()
  const mask = held(i32x4.splat(HALF_MASK), out)
  const begin = group + columnsAt<T>(k)
  const end = begin + <usize>k * column
  const evenEnd = begin + <usize>(k & ~1) * column
  let fa = f32x4.splat(0), fb = fa
  if (same<T, F16>()) fa = rowFactors<C0>(group)
  if (same<T, F16>()) fb = rowFactors<C1>(group)
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0
  let c0 = a0, d0 = a0, c1 = a0, d1 = a0
  let y = x + xStride
  let w = begin
  for (; w < evenEnd; w += 2 * column) {
    if (!same<T, F32>() && ((w - begin) & (TOUCH_BYTES - 1)) == 0) {
      const left = end - w
      touch(w + TOUCH_BYTES, w + TOUCH_BYTES + (left < TOUCH_BYTES ? left : TOUCH_BYTES), touchEnd)
    }
    a0 = multiplyAdd(a0, weights4<T, C0>(w, mask, fa), v128.load32_splat(x))
    b0 = multiplyAdd(b0, weights4<T, C1>(w, mask, fb), v128.load32_splat(x))
    if (offsetof<N>() > 1) c0 = multiplyAdd(c0, weights4<T, C0>(w, mask, fa), v128.load32_splat(y))
    if (offsetof<N>() > 1) d0 = multiplyAdd(d0, weights4<T, C1>(w, mask, fb), v128.load32_splat(y))
    const next = w + column
    a1 = multiplyAdd(a1, weights4<T, C0>(next, mask, fa), v128.load32_splat(x, 4))
    b1 = multiplyAdd(b1, weights4<T, C1>(next, mask, fb), v128.load32_splat(x, 4))
    if (offsetof<N>() > 1) c1 = multiplyAdd(c1, weights4<T, C0>(next, mask, fa), v128.load32_splat(y, 4))
    if (offsetof<N>() > 1) d1 = multiplyAdd(d1, weights4<T, C1>(next, mask, fb), v128.load32_splat(y, 4))
    x += 8
    y += 8
  }
  if (w < end) {
    a0 = multiplyAdd(a0, weights4<T, C0>(w, mask, fa), v128.load32_splat(x))
    b0 = multiplyAdd(b0, weights4<T, C1>(w, mask, fb), v128.load32_splat(x))
    if (offsetof<N>() > 1) c0 = multiplyAdd(c0, weights4<T, C0>(w, mask, fa), v128.load32_splat(y))
    if (offsetof<N>() > 1) d0 = multiplyAdd(d0, weights4<T, C1>(w, mask, fb), v128.load32_splat(y))
  }
  v128.store(out, f32x4.add(a0, a1))
  v128.store(out, f32x4.add(b0, b1), 16)
  if (offsetof<N>() > 1) {
    v128.store(out + outStride, f32x4.add(c0, c1))
    v128.store(out + outStride, f32x4.add(d0, d1), 16)
  }
}

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, weights: v128, x: v128): v128 {
  return f32x4.add(sum, f32x4.mul(weights, x))
}
