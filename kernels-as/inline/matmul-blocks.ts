// The product of a quantized weight matrix with `q8` rows. Each output is one f32 sum over the blocks in order, of
// (integer product) * (weight scale * activation scale), whatever the number of rows in the call.
import { highMask, lowMask, valueTable } from './block-codes'
import { blockDot } from './block-products'
import {
  blockMinima, blockScales, hasMinima, minimumPairs, scalePairs, superBits, superMinima, superScales,
} from './block-scales'
import {
  blockBytes, blocksAt, groupBytes, hasRowFactors, hasSupers, Q2_K, Q4_1, Q5_1, superHeadBytes,
} from './block-weights'
import { C0, C1, C2, C3, C4, same } from './constants'
import { HALF_MASK, held } from './half'
import { halfSums, Q8_BLOCK_BYTES, scaledSum, scaleOf } from './q8'
import { rowFactors } from './row-factors'
import { touch } from './touch'

/** Blocks whose weights are touched at once, and how many blocks ahead. */
// @ts-ignore: decorator
@inline const TOUCH_BLOCKS: usize = 64
// @ts-ignore: decorator
@inline const TOUCH_AHEAD: usize = 64

/** T: the weights' type. */
// @ts-ignore: decorator
@inline
export function matmulBlocks<T>(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
): void {
  const bytes = groupBytes<T>(k)
  const weightsEnd = w + <usize>groupEnd * bytes
  for (let g = groupBegin; g < groupEnd; g++) {
    const group = w + <usize>g * bytes
    let o = out + (<usize>g << 5)
    let xi = x
    let left = n
    for (; left >= 4; left -= 4) {
      tile<T, C4>(o, outStride, group, xi, xStride, k, 0)
      o += outStride << 2
      xi += xStride << 2
    }
    const touchEnd: usize = n < 4 ? weightsEnd : 0
    if (left == 3) tile<T, C3>(o, outStride, group, xi, xStride, k, touchEnd)
    if (left == 2) tile<T, C2>(o, outStride, group, xi, xStride, k, touchEnd)
    if (left == 1) tile<T, C1>(o, outStride, group, xi, xStride, k, touchEnd)
  }
}

/** 8 weight rows x N (C1 .. C4) activation rows. `touchEnd`: see `touch`. */
function tile<T, N>(
  out: usize, outStride: usize, group: usize, x0: usize, xStride: usize, k: i32, touchEnd: usize,
): void {
  const low = lowMask<T>(out)
  const high = highMask<T>(out)
  const table = valueTable<T>(out)
  const ones = held(i32x4.splat(0x00010001), out)
  const mask = held(i32x4.splat(HALF_MASK), out)
  const zero = i32x4.splat(0)
  let a0 = zero, b0 = zero, a1 = zero, b1 = zero, a2 = zero, b2 = zero, a3 = zero, b3 = zero
  let x1 = x0 + xStride
  let x2 = x1 + xStride
  let x3 = x2 + xStride
  let da = zero, db = zero, ma = zero, mb = zero, ha = zero, hb = zero
  if (hasRowFactors<T>()) {
    da = rowFactors<C0>(group)
    db = rowFactors<C1>(group)
    ma = da
    mb = db
  }
  let w = group + blocksAt<T>(k)
  const blocks = k >> 5
  for (let b = 0; b < blocks; b++) {
    if (offsetof<N>() < 4 && (<usize>b & (TOUCH_BLOCKS - 1)) == 0) {
      const ahead = w + TOUCH_AHEAD * blockBytes<T>()
      const left = <usize>(blocks - b)
      touch(ahead, ahead + (left < TOUCH_BLOCKS ? left : TOUCH_BLOCKS) * blockBytes<T>(), touchEnd)
    }
    if (hasSupers<T>()) {
      if ((b & 7) == 0) {
        da = superScales<T, C0>(w)
        db = superScales<T, C1>(w)
        ma = superMinima<T, C0>(w)
        mb = superMinima<T, C1>(w)
        ha = superBits<T, C0>(w)
        hb = superBits<T, C1>(w)
        w += superHeadBytes<T>()
      }
    }
    const ka = scalePairs<T, C0>(w, ha, b)
    const kb = scalePairs<T, C1>(w, hb, b)
    const sa = blockScales<T, C0>(da, w, mask)
    const sb = blockScales<T, C1>(db, w, mask)
    const na = blockMinima<T, C0>(ma, w, mask)
    const nb = blockMinima<T, C1>(mb, w, mask)
    a0 = addBlock<T, C0>(a0, w, x0, sa, na, ka, low, high, table, ones)
    b0 = addBlock<T, C1>(b0, w, x0, sb, nb, kb, low, high, table, ones)
    if (offsetof<N>() > 1) a1 = addBlock<T, C0>(a1, w, x1, sa, na, ka, low, high, table, ones)
    if (offsetof<N>() > 1) b1 = addBlock<T, C1>(b1, w, x1, sb, nb, kb, low, high, table, ones)
    if (offsetof<N>() > 2) a2 = addBlock<T, C0>(a2, w, x2, sa, na, ka, low, high, table, ones)
    if (offsetof<N>() > 2) b2 = addBlock<T, C1>(b2, w, x2, sb, nb, kb, low, high, table, ones)
    if (offsetof<N>() > 3) a3 = addBlock<T, C0>(a3, w, x3, sa, na, ka, low, high, table, ones)
    if (offsetof<N>() > 3) b3 = addBlock<T, C1>(b3, w, x3, sb, nb, kb, low, high, table, ones)
    x0 += Q8_BLOCK_BYTES
    x1 += Q8_BLOCK_BYTES
    x2 += Q8_BLOCK_BYTES
    x3 += Q8_BLOCK_BYTES
    w += blockBytes<T>()
  }
  v128.store(out, a0)
  v128.store(out, b0, 16)
  if (offsetof<N>() > 1) {
    v128.store(out + outStride, a1)
    v128.store(out + outStride, b1, 16)
  }
  if (offsetof<N>() > 2) {
    v128.store(out + 2 * outStride, a2)
    v128.store(out + 2 * outStride, b2, 16)
  }
  if (offsetof<N>() > 3) {
    v128.store(out + 3 * outStride, a3)
    v128.store(out + 3 * outStride, b3, 16)
  }
}

/** `sum` + a block. The compilers share the unpacked codes between the rows of a tile. */
// @ts-ignore: decorator
@inline
function addBlock<T, S>(
  sum: v128, w: usize, x: usize, scales: v128, minima: v128, pairs: v128, low: v128, high: v128, table: v128,
  ones: v128,
): v128 {
  const product = f32x4.convert_i32x4_s(blockDot<T, S>(w, x, pairs, low, high, table, ones))
  const added = f32x4.add(sum, f32x4.mul(product, f32x4.mul(scales, scaleOf(x))))
  if (same<T, Q4_1>() || same<T, Q5_1>()) return f32x4.add(added, f32x4.mul(minima, scaledSum(x)))
  if (hasMinima<T>()) return f32x4.sub(added, f32x4.mul(minima, scaledSum(x)))
  if (same<T, Q2_K>()) {
    const taken = f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(minimumPairs<T, S>(w), halfSums(x)))
    return f32x4.sub(added, f32x4.mul(taken, f32x4.mul(minima, scaleOf(x))))
  }
  return added
}
