// The product of a quantized weight matrix with `q8` rows. Each output is one f32 sum over the blocks in order, of
// (integer product) * (weight scale * activation scale), whatever the number of rows in the call.
//
// Up to eight such sums (of eight outputs each) are built at once: of 8 groups with 1 row, 4 groups with 2 rows or 1
// group with 4 rows. Groups lie kilobytes apart, so the weights arrive as several streams: WebAssembly has no prefetch
// instruction, one stream leaves the processor waiting at each new page, and by the time a tile comes back to a stream
// the hardware has prefetched its next block.
import { highMask, lowMask, valueTable } from './block-codes'
import { blockDot } from './block-products'
import {
  blockMinima, blockScales, hasMinima, minimumPairs, scalePairs, superBits, superMinima, superScales,
} from './block-scales'
import {
  blockBytes, blocksAt, groupBytes, hasRowFactors, hasSupers, Q2_K, Q4_1, Q5_1, superHeadBytes,
} from './block-weights'
import { C0, C1, C2, C3, C4, C5, C6, C7, C8, same } from './constants'
import { HALF_MASK, held } from './half'
import { halfSums, Q8_BLOCK_BYTES, scaledSum, scaleOf } from './q8'
import { rowFactors } from './row-factors'
import { groupOf, put, rowOf, sums } from './sums'

/** Groups of a span: what eight sums of one row take. */
// @ts-ignore: decorator
@inline const SPAN: i32 = 8
/** Bytes per group of what a tile keeps in `scratch`: d, m and bits of both strands, see block-scales.ts. */
// @ts-ignore: decorator
@inline const SCALES_BYTES: usize = 96

/** T: the weights' type. `scratch`: MATMUL_SCRATCH_BYTES of formats.ts that no other thread uses. */
// @ts-ignore: decorator
@inline
export function matmulBlocks<T>(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  const bytes = groupBytes<T>(k)
  // Several rows keep the multipliers busy: four at a time, a group's weights stay in the nearest cache for all of them.
  const fours = n & ~3
  if (fours > 0) {
    for (let g = groupBegin; g < groupEnd; g++) {
      for (let i = 0; i < fours; i += 4) tiles<T, C1, C4>(out, w, x, outStride, xStride, g, g + 1, i, bytes, k, scratch)
    }
  }
  const spansEnd = groupBegin + ((groupEnd - groupBegin) & -SPAN)
  const pairs = n & ~1
  if (fours < pairs) {
    tiles<T, C4, C2>(out, w, x, outStride, xStride, groupBegin, spansEnd, fours, bytes, k, scratch)
    tiles<T, C1, C2>(out, w, x, outStride, xStride, spansEnd, groupEnd, fours, bytes, k, scratch)
  }
  if (pairs < n) {
    tiles<T, C8, C1>(out, w, x, outStride, xStride, groupBegin, spansEnd, pairs, bytes, k, scratch)
    tiles<T, C1, C1>(out, w, x, outStride, xStride, spansEnd, groupEnd, pairs, bytes, k, scratch)
  }
}

/** Groups `begin .. end - 1` in tiles of G, for the N rows from row `i`. */
// @ts-ignore: decorator
@inline
function tiles<T, G, N>(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, begin: i32, end: i32, i: i32, bytes: usize, k: i32,
  scratch: usize,
): void {
  const row = x + <usize>i * xStride
  for (let g = begin; g < end; g += <i32>offsetof<G>()) {
    const o = out + (<usize>g << 5) + <usize>i * outStride
    tile<T, G, N>(o, outStride, w + <usize>g * bytes, bytes, row, xStride, k, scratch)
  }
}

/** G groups x N rows: at most 8 sums. */
function tile<T, G, N>(
  out: usize, outStride: usize, group: usize, bytes: usize, x: usize, xStride: usize, k: i32, scratch: usize,
): void {
  const low = lowMask<T>(scratch)
  const high = highMask<T>(scratch)
  const table = valueTable<T>(scratch)
  const ones = held(i32x4.splat(0x00010001), scratch)
  const mask = held(i32x4.splat(HALF_MASK), scratch)
  if (hasRowFactors<T>()) {
    for (let g: usize = 0; g < offsetof<G>(); g++) keepFactors(scratch + g * SCALES_BYTES, group + g * bytes)
  }
  const zero = i32x4.splat(0)
  let a0 = zero, b0 = zero
  let a1 = zero, b1 = zero
  let a2 = zero, b2 = zero
  let a3 = zero, b3 = zero
  let a4 = zero, b4 = zero
  let a5 = zero, b5 = zero
  let a6 = zero, b6 = zero
  let a7 = zero, b7 = zero
  let w = group + blocksAt<T>(k)
  const blocks = k >> 5
  for (let b = 0; b < blocks; b++) {
    if (hasSupers<T>() && (b & 7) == 0) {
      for (let g: usize = 0; g < offsetof<G>(); g++) keepSupers<T>(scratch + g * SCALES_BYTES, w + g * bytes)
      w += superHeadBytes<T>()
    }
    a0 = add<T, N, C0, C0>(a0, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    b0 = add<T, N, C0, C1>(b0, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 1) a1 = add<T, N, C1, C0>(a1, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 1) b1 = add<T, N, C1, C1>(b1, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 2) a2 = add<T, N, C2, C0>(a2, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 2) b2 = add<T, N, C2, C1>(b2, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 3) a3 = add<T, N, C3, C0>(a3, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 3) b3 = add<T, N, C3, C1>(b3, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 4) a4 = add<T, N, C4, C0>(a4, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 4) b4 = add<T, N, C4, C1>(b4, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 5) a5 = add<T, N, C5, C0>(a5, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 5) b5 = add<T, N, C5, C1>(b5, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 6) a6 = add<T, N, C6, C0>(a6, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 6) b6 = add<T, N, C6, C1>(b6, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 7) a7 = add<T, N, C7, C0>(a7, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    if (sums<G, N>() > 7) b7 = add<T, N, C7, C1>(b7, w, bytes, x, xStride, scratch, b, low, high, table, ones, mask)
    x += Q8_BLOCK_BYTES
    w += blockBytes<T>()
  }
  put<N, C0>(out, outStride, a0, b0)
  if (sums<G, N>() > 1) put<N, C1>(out, outStride, a1, b1)
  if (sums<G, N>() > 2) put<N, C2>(out, outStride, a2, b2)
  if (sums<G, N>() > 3) put<N, C3>(out, outStride, a3, b3)
  if (sums<G, N>() > 4) put<N, C4>(out, outStride, a4, b4)
  if (sums<G, N>() > 5) put<N, C5>(out, outStride, a5, b5)
  if (sums<G, N>() > 6) put<N, C6>(out, outStride, a6, b6)
  if (sums<G, N>() > 7) put<N, C7>(out, outStride, a7, b7)
}

// @ts-ignore: decorator
@inline
function keepFactors(at: usize, head: usize): void {
  const a = rowFactors<C0>(head)
  const b = rowFactors<C1>(head)
  v128.store(at, a)
  v128.store(at, b, 16)
  v128.store(at, a, 32)
  v128.store(at, b, 48)
}

// @ts-ignore: decorator
@inline
function keepSupers<T>(at: usize, w: usize): void {
  v128.store(at, superScales<T, C0>(w))
  v128.store(at, superScales<T, C1>(w), 16)
  v128.store(at, superMinima<T, C0>(w), 32)
  v128.store(at, superMinima<T, C1>(w), 48)
  v128.store(at, superBits<T, C0>(w), 64)
  v128.store(at, superBits<T, C1>(w), 80)
}

/** `sum`, of sum I and strand S, + a block. The compilers share what the rows of a group have in common. */
// @ts-ignore: decorator
@inline
function add<T, N, I, S>(
  sum: v128, weights: usize, bytes: usize, rows: usize, xStride: usize, scratch: usize, b: i32,
  low: v128, high: v128, table: v128, ones: v128, mask: v128,
): v128 {
  const w = weights + groupOf<N, I>() * bytes
  const x = rows + rowOf<N, I>() * xStride
  const scales = blockScales<T, S>(kept<N, I, S, C0>(scratch), w, mask)
  const pairs = scalePairs<T, S>(w, kept<N, I, S, C2>(scratch), b)
  const product = f32x4.convert_i32x4_s(blockDot<T, S>(w, x, pairs, low, high, table, ones))
  const added = f32x4.add(sum, f32x4.mul(product, f32x4.mul(scales, scaleOf(x))))
  if (!hasMinima<T>() && !same<T, Q2_K>()) return added
  const minima = blockMinima<T, S>(kept<N, I, S, C1>(scratch), w, mask)
  if (same<T, Q4_1>() || same<T, Q5_1>()) return f32x4.add(added, f32x4.mul(minima, scaledSum(x)))
  if (hasMinima<T>()) return f32x4.sub(added, f32x4.mul(minima, scaledSum(x)))
  const taken = f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(minimumPairs<T, S>(w), halfSums(x)))
  return f32x4.sub(added, f32x4.mul(taken, f32x4.mul(minima, scaleOf(x))))
}

/** What is kept of the group of sum I for strand S: d (D = C0), m (C1) or bits (C2). */
// @ts-ignore: decorator
@inline
function kept<N, I, S, D>(scratch: usize): v128 {
  return v128.load(scratch, SCALES_BYTES * (offsetof<I>() / offsetof<N>()) + 32 * offsetof<D>() + 16 * offsetof<S>())
}
