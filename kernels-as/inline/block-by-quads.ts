// A block of weights times N rows, quad after quad: few values are alive at a time, and the strands stay side by side so
// that V8 can pair them. For engines that keep this order; see block-by-rows.ts for those that do not.
import { step } from './block-products'
import { blockMinima, blockScales, scalePairs } from './block-scales'
import { addScaled } from './block-sums'
import { C0, C1, C2, C3, kind } from './constants'
import { sumAt } from './group-state'

/** Adds block number `b`, at `w`, times the activations at `x0` to the group's sums of N (1..4) rows in `state`. */
// @ts-ignore: decorator
@inline
export function addByQuads<T, N>(
  state: usize, w: usize, x0: usize, xStride: usize, second: usize, b: i32,
  low: v128, high: v128, table: v128, ones: v128, mask: v128,
): void {
  const x1 = x0 + xStride, x2 = x1 + xStride, x3 = x2 + xStride
  const aPairs = scalePairs<T, C0>(state, w, b)
  const bPairs = scalePairs<T, C1>(state, w, b)
  const zero = i32x4.splat(0)
  let a0 = zero, b0 = zero, a1 = zero, b1 = zero, a2 = zero, b2 = zero, a3 = zero, b3 = zero
  const a0first = kind<T>().codes().first<C0, C0>(w, low, high, table)
  const a0second = kind<T>().codes().second<C0, C0>(w, low, high, table)
  const b0first = kind<T>().codes().first<C1, C0>(w, low, high, table)
  const b0second = kind<T>().codes().second<C1, C0>(w, low, high, table)
  a0 = step<T, C0>(a0, x0, x0 + second, a0first, a0second, aPairs, ones)
  b0 = step<T, C0>(b0, x0, x0 + second, b0first, b0second, bPairs, ones)
  if (offsetof<N>() > 1) a1 = step<T, C0>(a1, x1, x1 + second, a0first, a0second, aPairs, ones)
  if (offsetof<N>() > 1) b1 = step<T, C0>(b1, x1, x1 + second, b0first, b0second, bPairs, ones)
  if (offsetof<N>() > 2) a2 = step<T, C0>(a2, x2, x2 + second, a0first, a0second, aPairs, ones)
  if (offsetof<N>() > 2) b2 = step<T, C0>(b2, x2, x2 + second, b0first, b0second, bPairs, ones)
  if (offsetof<N>() > 3) a3 = step<T, C0>(a3, x3, x3 + second, a0first, a0second, aPairs, ones)
  if (offsetof<N>() > 3) b3 = step<T, C0>(b3, x3, x3 + second, b0first, b0second, bPairs, ones)
  const a1first = kind<T>().codes().first<C0, C1>(w, low, high, table)
  const a1second = kind<T>().codes().second<C0, C1>(w, low, high, table)
  const b1first = kind<T>().codes().first<C1, C1>(w, low, high, table)
  const b1second = kind<T>().codes().second<C1, C1>(w, low, high, table)
  a0 = step<T, C1>(a0, x0, x0 + second, a1first, a1second, aPairs, ones)
  b0 = step<T, C1>(b0, x0, x0 + second, b1first, b1second, bPairs, ones)
  if (offsetof<N>() > 1) a1 = step<T, C1>(a1, x1, x1 + second, a1first, a1second, aPairs, ones)
  if (offsetof<N>() > 1) b1 = step<T, C1>(b1, x1, x1 + second, b1first, b1second, bPairs, ones)
  if (offsetof<N>() > 2) a2 = step<T, C1>(a2, x2, x2 + second, a1first, a1second, aPairs, ones)
  if (offsetof<N>() > 2) b2 = step<T, C1>(b2, x2, x2 + second, b1first, b1second, bPairs, ones)
  if (offsetof<N>() > 3) a3 = step<T, C1>(a3, x3, x3 + second, a1first, a1second, aPairs, ones)
  if (offsetof<N>() > 3) b3 = step<T, C1>(b3, x3, x3 + second, b1first, b1second, bPairs, ones)
  const a2first = kind<T>().codes().first<C0, C2>(w, low, high, table)
  const a2second = kind<T>().codes().second<C0, C2>(w, low, high, table)
  const b2first = kind<T>().codes().first<C1, C2>(w, low, high, table)
  const b2second = kind<T>().codes().second<C1, C2>(w, low, high, table)
  a0 = step<T, C2>(a0, x0, x0 + second, a2first, a2second, aPairs, ones)
  b0 = step<T, C2>(b0, x0, x0 + second, b2first, b2second, bPairs, ones)
  if (offsetof<N>() > 1) a1 = step<T, C2>(a1, x1, x1 + second, a2first, a2second, aPairs, ones)
  if (offsetof<N>() > 1) b1 = step<T, C2>(b1, x1, x1 + second, b2first, b2second, bPairs, ones)
  if (offsetof<N>() > 2) a2 = step<T, C2>(a2, x2, x2 + second, a2first, a2second, aPairs, ones)
  if (offsetof<N>() > 2) b2 = step<T, C2>(b2, x2, x2 + second, b2first, b2second, bPairs, ones)
  if (offsetof<N>() > 3) a3 = step<T, C2>(a3, x3, x3 + second, a2first, a2second, aPairs, ones)
  if (offsetof<N>() > 3) b3 = step<T, C2>(b3, x3, x3 + second, b2first, b2second, bPairs, ones)
  const a3first = kind<T>().codes().first<C0, C3>(w, low, high, table)
  const a3second = kind<T>().codes().second<C0, C3>(w, low, high, table)
  const b3first = kind<T>().codes().first<C1, C3>(w, low, high, table)
  const b3second = kind<T>().codes().second<C1, C3>(w, low, high, table)
  a0 = step<T, C3>(a0, x0, x0 + second, a3first, a3second, aPairs, ones)
  b0 = step<T, C3>(b0, x0, x0 + second, b3first, b3second, bPairs, ones)
  if (offsetof<N>() > 1) a1 = step<T, C3>(a1, x1, x1 + second, a3first, a3second, aPairs, ones)
  if (offsetof<N>() > 1) b1 = step<T, C3>(b1, x1, x1 + second, b3first, b3second, bPairs, ones)
  if (offsetof<N>() > 2) a2 = step<T, C3>(a2, x2, x2 + second, a3first, a3second, aPairs, ones)
  if (offsetof<N>() > 2) b2 = step<T, C3>(b2, x2, x2 + second, b3first, b3second, bPairs, ones)
  if (offsetof<N>() > 3) a3 = step<T, C3>(a3, x3, x3 + second, a3first, a3second, aPairs, ones)
  if (offsetof<N>() > 3) b3 = step<T, C3>(b3, x3, x3 + second, b3first, b3second, bPairs, ones)
  const aScales = blockScales<T, C0>(state, w, mask)
  const bScales = blockScales<T, C1>(state, w, mask)
  const aMinima = blockMinima<T, C0>(state, w, mask)
  const bMinima = blockMinima<T, C1>(state, w, mask)
  a0 = addScaled<T, C0>(v128.load(state, sumAt<C0, C0>()), a0, w, x0, aPairs, aScales, aMinima)
  b0 = addScaled<T, C1>(v128.load(state, sumAt<C0, C1>()), b0, w, x0, bPairs, bScales, bMinima)
  if (offsetof<N>() > 1) a1 = addScaled<T, C0>(v128.load(state, sumAt<C1, C0>()), a1, w, x1, aPairs, aScales, aMinima)
  if (offsetof<N>() > 1) b1 = addScaled<T, C1>(v128.load(state, sumAt<C1, C1>()), b1, w, x1, bPairs, bScales, bMinima)
  if (offsetof<N>() > 2) a2 = addScaled<T, C0>(v128.load(state, sumAt<C2, C0>()), a2, w, x2, aPairs, aScales, aMinima)
  if (offsetof<N>() > 2) b2 = addScaled<T, C1>(v128.load(state, sumAt<C2, C1>()), b2, w, x2, bPairs, bScales, bMinima)
  if (offsetof<N>() > 3) a3 = addScaled<T, C0>(v128.load(state, sumAt<C3, C0>()), a3, w, x3, aPairs, aScales, aMinima)
  if (offsetof<N>() > 3) b3 = addScaled<T, C1>(v128.load(state, sumAt<C3, C1>()), b3, w, x3, bPairs, bScales, bMinima)
  // Only now: a store between loads that belong together would keep V8 from pairing them.
  v128.store(state, a0, sumAt<C0, C0>())
  v128.store(state, b0, sumAt<C0, C1>())
  if (offsetof<N>() > 1) v128.store(state, a1, sumAt<C1, C0>())
  if (offsetof<N>() > 1) v128.store(state, b1, sumAt<C1, C1>())
  if (offsetof<N>() > 2) v128.store(state, a2, sumAt<C2, C0>())
  if (offsetof<N>() > 2) v128.store(state, b2, sumAt<C2, C1>())
  if (offsetof<N>() > 3) v128.store(state, a3, sumAt<C3, C0>())
  if (offsetof<N>() > 3) v128.store(state, b3, sumAt<C3, C1>())
}
