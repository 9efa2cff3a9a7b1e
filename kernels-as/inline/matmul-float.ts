// The product of a float weight matrix with f32 rows. Each output is the sum of two accumulators, over the even and
// over the odd columns, whatever the number of rows in the call.
import { columnBytes, floatGroupBytes, rowFactors, weights4 } from './float-weights'
import { HALF_MASK, hidden } from './half'

// @ts-ignore: decorator
@inline
export function matmulFloat(
  type: i32, out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32,
  n: i32,
): void {
  const groupBytes = floatGroupBytes(type, k)
  const mask = hidden(HALF_MASK, n >> 31)
  for (let g = groupBegin; g < groupEnd; g++) {
    const group = w + <usize>g * groupBytes
    let o = out + (<usize>g << 5)
    let xi = x
    let i = 0
    for (; i + 2 <= n; i += 2) {
      tile(type, 2, o, outStride, group, xi, xStride, k, mask)
      o += outStride << 1
      xi += xStride << 1
    }
    if (i < n) tile(type, 1, o, outStride, group, xi, xStride, k, mask)
  }
}

/** 8 weight rows x `n` (1 or 2, a constant) activation rows. */
// @ts-ignore: decorator
@inline
function tile(
  type: i32, n: i32, out: usize, outStride: usize, group: usize, x: usize, xStride: usize, k: i32, mask: v128,
): void {
  const column = columnBytes(type)
  const end = group + <usize>k * column
  const evenEnd = group + <usize>(k & ~1) * column
  const fa = rowFactors(type, end, 0)
  const fb = rowFactors(type, end, 1)
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0
  let c0 = a0, d0 = a0, c1 = a0, d1 = a0
  let w = group
  for (; w < evenEnd; w += 2 * column) {
    const y = x + xStride
    a0 = multiplyAdd(a0, weights4(type, w, 0, mask, fa), x)
    b0 = multiplyAdd(b0, weights4(type, w, 1, mask, fb), x)
    if (n > 1) c0 = multiplyAdd(c0, weights4(type, w, 0, mask, fa), y)
    if (n > 1) d0 = multiplyAdd(d0, weights4(type, w, 1, mask, fb), y)
    a1 = multiplyAdd(a1, weights4(type, w + column, 0, mask, fa), x + 4)
    b1 = multiplyAdd(b1, weights4(type, w + column, 1, mask, fb), x + 4)
    if (n > 1) c1 = multiplyAdd(c1, weights4(type, w + column, 0, mask, fa), y + 4)
    if (n > 1) d1 = multiplyAdd(d1, weights4(type, w + column, 1, mask, fb), y + 4)
    x += 8
  }
  if (w < end) {
    const y = x + xStride
    a0 = multiplyAdd(a0, weights4(type, w, 0, mask, fa), x)
    b0 = multiplyAdd(b0, weights4(type, w, 1, mask, fb), x)
    if (n > 1) c0 = multiplyAdd(c0, weights4(type, w, 0, mask, fa), y)
    if (n > 1) d0 = multiplyAdd(d0, weights4(type, w, 1, mask, fb), y)
  }
  v128.store(out, f32x4.add(a0, a1))
  v128.store(out, f32x4.add(b0, b1), 16)
  if (n > 1) v128.store(out + outStride, f32x4.add(c0, c1))
  if (n > 1) v128.store(out + outStride, f32x4.add(d0, d1), 16)
}

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, weights: v128, x: usize): v128 {
  return f32x4.add(sum, f32x4.mul(weights, v128.load32_splat(x)))
}
