// The product of a float weight matrix with f32 rows. Each output is the sum of two accumulators, over the even and
// over the odd columns, whatever the number of rows in the call.
import { columnShift, strandA, strandB } from './float-weights'

// @ts-ignore: decorator
@inline
export function matmulFloat(
  type: i32,
  out: usize,
  w: usize,
  x: usize,
  outStride: usize,
  xStride: usize,
  groupBegin: i32,
  groupEnd: i32,
  k: i32,
  n: i32,
): void {
  const groupBytes = <usize>k << columnShift(type)
  for (let g = groupBegin; g < groupEnd; g++) {
    const group = w + <usize>g * groupBytes
    let o = out + (<usize>g << 5)
    let xi = x
    let i = 0
    for (; i + 2 <= n; i += 2) {
      tile2(type, o, o + outStride, group, xi, xi + xStride, k)
      o += outStride << 1
      xi += xStride << 1
    }
    if (i < n) tile1(type, o, group, xi, k)
  }
}

/** 8 weight rows x 1 activation row. */
// @ts-ignore: decorator
@inline
function tile1(type: i32, out: usize, group: usize, x: usize, k: i32): void {
  const column: usize = 1 << columnShift(type)
  let a0 = f32x4.splat(0), b0 = f32x4.splat(0)
  let a1 = f32x4.splat(0), b1 = f32x4.splat(0)
  let w = group
  let c = 0
  for (; c + 2 <= k; c += 2) {
    const x0 = v128.load32_splat(x)
    const x1 = v128.load32_splat(x, 4)
    a0 = f32x4.add(a0, f32x4.mul(strandA(type, w), x0))
    b0 = f32x4.add(b0, f32x4.mul(strandB(type, w), x0))
    a1 = f32x4.add(a1, f32x4.mul(strandA(type, w + column), x1))
    b1 = f32x4.add(b1, f32x4.mul(strandB(type, w + column), x1))
    w += column << 1
    x += 8
  }
  if (c < k) {
    const x0 = v128.load32_splat(x)
    a0 = f32x4.add(a0, f32x4.mul(strandA(type, w), x0))
    b0 = f32x4.add(b0, f32x4.mul(strandB(type, w), x0))
  }
  v128.store(out, f32x4.add(a0, a1))
  v128.store(out, f32x4.add(b0, b1), 16)
}

/** 8 weight rows x 2 activation rows. */
// @ts-ignore: decorator
@inline
function tile2(type: i32, outP: usize, outQ: usize, group: usize, p: usize, q: usize, k: i32): void {
  const column: usize = 1 << columnShift(type)
  let pa0 = f32x4.splat(0), pb0 = f32x4.splat(0), pa1 = f32x4.splat(0), pb1 = f32x4.splat(0)
  let qa0 = f32x4.splat(0), qb0 = f32x4.splat(0), qa1 = f32x4.splat(0), qb1 = f32x4.splat(0)
  let w = group
  let c = 0
  for (; c + 2 <= k; c += 2) {
    const wa0 = strandA(type, w)
    const wb0 = strandB(type, w)
    const p0 = v128.load32_splat(p)
    const q0 = v128.load32_splat(q)
    pa0 = f32x4.add(pa0, f32x4.mul(wa0, p0))
    pb0 = f32x4.add(pb0, f32x4.mul(wb0, p0))
    qa0 = f32x4.add(qa0, f32x4.mul(wa0, q0))
    qb0 = f32x4.add(qb0, f32x4.mul(wb0, q0))
    const wa1 = strandA(type, w + column)
    const wb1 = strandB(type, w + column)
    const p1 = v128.load32_splat(p, 4)
    const q1 = v128.load32_splat(q, 4)
    pa1 = f32x4.add(pa1, f32x4.mul(wa1, p1))
    pb1 = f32x4.add(pb1, f32x4.mul(wb1, p1))
    qa1 = f32x4.add(qa1, f32x4.mul(wa1, q1))
    qb1 = f32x4.add(qb1, f32x4.mul(wb1, q1))
    w += column << 1
    p += 8
    q += 8
  }
  if (c < k) {
    const wa0 = strandA(type, w)
    const wb0 = strandB(type, w)
    const p0 = v128.load32_splat(p)
    const q0 = v128.load32_splat(q)
    pa0 = f32x4.add(pa0, f32x4.mul(wa0, p0))
    pb0 = f32x4.add(pb0, f32x4.mul(wb0, p0))
    qa0 = f32x4.add(qa0, f32x4.mul(wa0, q0))
    qb0 = f32x4.add(qb0, f32x4.mul(wb0, q0))
  }
  v128.store(outP, f32x4.add(pa0, pa1))
  v128.store(outP, f32x4.add(pb0, pb1), 16)
  v128.store(outQ, f32x4.add(qa0, qa1))
  v128.store(outQ, f32x4.add(qb0, qb1), 16)
}
