// The product of eight groups with one row, their sums in registers: one row leaves the multipliers idle, all that counts
// is how fast the weights come.
import { step } from './block-products'
import { blockMinima, blockScales, scalePairs } from './block-scales'
import { addScaled } from './block-sums'
import { blocksAt, superHeadBytes } from './block-weights'
import { C0, C1, C2, C3, C4, C5, C6, C7, kind } from './constants'
import { GROUP_STATE_BYTES, keepFactors, keepSupers } from './group-state'
import { HALF_MASK, held } from './half'
import { Q8_BLOCK_BYTES, secondHalf } from './q8'

/** `bytes`: of a group; the other parameters as in matmul-blocks.ts. */
export function oneRow<T>(out: usize, group: usize, bytes: usize, x: usize, k: i32, scratch: usize): void {
  const low = held(kind<T>().codes().low(), scratch)
  const high = held(kind<T>().codes().high(), scratch)
  const table = held(kind<T>().codes().table(), scratch)
  const ones = held(i32x4.splat(0x00010001), scratch)
  const mask = held(i32x4.splat(HALF_MASK), scratch)
  if (kind<T>().hasFactors()) {
    for (let g: usize = 0; g < 8; g++) keepFactors(scratch + g * GROUP_STATE_BYTES, group + g * bytes)
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
  const second = secondHalf(k)
  const blocks = k >> 5
  let w = group + blocksAt<T>(k)
  for (let b = 0; b < blocks; b++) {
    if (kind<T>().isSuper() && (b & 7) == 0) {
      for (let g: usize = 0; g < 8; g++) keepSupers<T>(scratch + g * GROUP_STATE_BYTES, w + g * bytes)
      w += superHeadBytes<T>()
    }
    a0 = add<T, C0, C0>(a0, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b0 = add<T, C0, C1>(b0, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a1 = add<T, C1, C0>(a1, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b1 = add<T, C1, C1>(b1, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a2 = add<T, C2, C0>(a2, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b2 = add<T, C2, C1>(b2, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a3 = add<T, C3, C0>(a3, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b3 = add<T, C3, C1>(b3, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a4 = add<T, C4, C0>(a4, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b4 = add<T, C4, C1>(b4, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a5 = add<T, C5, C0>(a5, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b5 = add<T, C5, C1>(b5, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a6 = add<T, C6, C0>(a6, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b6 = add<T, C6, C1>(b6, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    a7 = add<T, C7, C0>(a7, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    b7 = add<T, C7, C1>(b7, w, bytes, x, second, scratch, b, low, high, table, ones, mask)
    x += Q8_BLOCK_BYTES
    w += kind<T>().bytes()
  }
  v128.store(out, a0, 0)
  v128.store(out, b0, 16)
  v128.store(out, a1, 32)
  v128.store(out, b1, 48)
  v128.store(out, a2, 64)
  v128.store(out, b2, 80)
  v128.store(out, a3, 96)
  v128.store(out, b3, 112)
  v128.store(out, a4, 128)
  v128.store(out, b4, 144)
  v128.store(out, a5, 160)
  v128.store(out, b5, 176)
  v128.store(out, a6, 192)
  v128.store(out, b6, 208)
  v128.store(out, a7, 224)
  v128.store(out, b7, 240)
}

/** `sum`, of group G and strand S, + a block. */
// @ts-ignore: decorator
@inline
function add<T, G, S>(
  sum: v128, weights: usize, bytes: usize, x: usize, second: usize, scratch: usize, b: i32,
  low: v128, high: v128, table: v128, ones: v128, mask: v128,
): v128 {
  const w = weights + offsetof<G>() * bytes
  const state = scratch + offsetof<G>() * GROUP_STATE_BYTES
  const y = x + second
  const pairs = scalePairs<T, S>(state, w, b)
  let product = i32x4.splat(0)
  product = addStep<T, S, C0>(product, w, x, y, low, high, table, pairs, ones)
  product = addStep<T, S, C1>(product, w, x, y, low, high, table, pairs, ones)
  product = addStep<T, S, C2>(product, w, x, y, low, high, table, pairs, ones)
  product = addStep<T, S, C3>(product, w, x, y, low, high, table, pairs, ones)
  const scales = blockScales<T, S>(state, w, mask)
  const minima = blockMinima<T, S>(state, w, mask)
  return addScaled<T, S>(sum, product, w, x, pairs, scales, minima)
}

// @ts-ignore: decorator
@inline
function addStep<T, S, V>(
  product: v128, w: usize, x: usize, y: usize, low: v128, high: v128, table: v128, pairs: v128, ones: v128,
): v128 {
  const first = kind<T>().codes().first<S, V>(w, low, high, table)
  const second = kind<T>().codes().second<S, V>(w, low, high, table)
  return step<T, V>(product, x, y, first, second, pairs, ones)
}
