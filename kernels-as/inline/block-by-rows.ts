// A block of weights times N rows, row after row: for V8 11 (Node 20), which moves all loads of a loop's body before its
// arithmetic and has to put away what does not fit registers. A row's stores end its body.
import { step } from './block-products'
import { blockMinima, blockScales, scalePairs } from './block-scales'
import { addScaled } from './block-sums'
import { C0, C1, C2, C3, kind } from './constants'
import { sumAt } from './group-state'

/** The same as `addByQuads`. */
// @ts-ignore: decorator
@inline
export function addByRows<T, N>(
  state: usize, w: usize, x: usize, xStride: usize, second: usize, b: i32,
  low: v128, high: v128, table: v128, ones: v128, mask: v128,
): void {
  const aPairs = scalePairs<T, C0>(state, w, b)
  const bPairs = scalePairs<T, C1>(state, w, b)
  const aScales = blockScales<T, C0>(state, w, mask)
  const bScales = blockScales<T, C1>(state, w, mask)
  const aMinima = blockMinima<T, C0>(state, w, mask)
  const bMinima = blockMinima<T, C1>(state, w, mask)
  const a0first = kind<T>().codes().first<C0, C0>(w, low, high, table)
  const a0second = kind<T>().codes().second<C0, C0>(w, low, high, table)
  const a1first = kind<T>().codes().first<C0, C1>(w, low, high, table)
  const a1second = kind<T>().codes().second<C0, C1>(w, low, high, table)
  const a2first = kind<T>().codes().first<C0, C2>(w, low, high, table)
  const a2second = kind<T>().codes().second<C0, C2>(w, low, high, table)
  const a3first = kind<T>().codes().first<C0, C3>(w, low, high, table)
  const a3second = kind<T>().codes().second<C0, C3>(w, low, high, table)
  const b0first = kind<T>().codes().first<C1, C0>(w, low, high, table)
  const b0second = kind<T>().codes().second<C1, C0>(w, low, high, table)
  const b1first = kind<T>().codes().first<C1, C1>(w, low, high, table)
  const b1second = kind<T>().codes().second<C1, C1>(w, low, high, table)
  const b2first = kind<T>().codes().first<C1, C2>(w, low, high, table)
  const b2second = kind<T>().codes().second<C1, C2>(w, low, high, table)
  const b3first = kind<T>().codes().first<C1, C3>(w, low, high, table)
  const b3second = kind<T>().codes().second<C1, C3>(w, low, high, table)
  addRow<T, C0>(
    state, w, x, second, ones, aPairs, bPairs, aScales, bScales, aMinima, bMinima,
    a0first, a0second, a1first, a1second, a2first, a2second, a3first, a3second,
    b0first, b0second, b1first, b1second, b2first, b2second, b3first, b3second,
  )
  if (offsetof<N>() > 1) {
    addRow<T, C1>(
      state, w, x + xStride, second, ones, aPairs, bPairs, aScales, bScales, aMinima, bMinima,
      a0first, a0second, a1first, a1second, a2first, a2second, a3first, a3second,
      b0first, b0second, b1first, b1second, b2first, b2second, b3first, b3second,
    )
  }
  if (offsetof<N>() > 2) {
    addRow<T, C2>(
      state, w, x + 2 * xStride, second, ones, aPairs, bPairs, aScales, bScales, aMinima, bMinima,
      a0first, a0second, a1first, a1second, a2first, a2second, a3first, a3second,
      b0first, b0second, b1first, b1second, b2first, b2second, b3first, b3second,
    )
  }
  if (offsetof<N>() > 3) {
    addRow<T, C3>(
      state, w, x + 3 * xStride, second, ones, aPairs, bPairs, aScales, bScales, aMinima, bMinima,
      a0first, a0second, a1first, a1second, a2first, a2second, a3first, a3second,
      b0first, b0second, b1first, b1second, b2first, b2second, b3first, b3second,
    )
  }
}

// @ts-ignore: decorator
@inline
function addRow<T, R>(
  state: usize, w: usize, x: usize, second: usize, ones: v128,
  aPairs: v128, bPairs: v128, aScales: v128, bScales: v128, aMinima: v128, bMinima: v128,
  a0first: v128, a0second: v128, a1first: v128, a1second: v128, a2first: v128, a2second: v128, a3first: v128, a3second: v128,
  b0first: v128, b0second: v128, b1first: v128, b1second: v128, b2first: v128, b2second: v128, b3first: v128, b3second: v128,
): void {
  const y = x + second
  let a = i32x4.splat(0), b = i32x4.splat(0)
  a = step<T, C0>(a, x, y, a0first, a0second, aPairs, ones)
  b = step<T, C0>(b, x, y, b0first, b0second, bPairs, ones)
  a = step<T, C1>(a, x, y, a1first, a1second, aPairs, ones)
  b = step<T, C1>(b, x, y, b1first, b1second, bPairs, ones)
  a = step<T, C2>(a, x, y, a2first, a2second, aPairs, ones)
  b = step<T, C2>(b, x, y, b2first, b2second, bPairs, ones)
  a = step<T, C3>(a, x, y, a3first, a3second, aPairs, ones)
  b = step<T, C3>(b, x, y, b3first, b3second, bPairs, ones)
  a = addScaled<T, C0>(v128.load(state, sumAt<R, C0>()), a, w, x, aPairs, aScales, aMinima)
  b = addScaled<T, C1>(v128.load(state, sumAt<R, C1>()), b, w, x, bPairs, bScales, bMinima)
  v128.store(state, a, sumAt<R, C0>())
  v128.store(state, b, sumAt<R, C1>())
}
