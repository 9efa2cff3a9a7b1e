// KV cells of one head, found through tables of cell numbers. A list of rows is a base address and u32 offsets.
import { same } from './constants'
import { F32 } from './float-weights'
import { halfToFloat, halfToFloatScalar } from './half'

/** Byte offsets of the cells of positions first .. first + count - 1. */
// @ts-ignore: decorator
@inline
export function findCells(
  offsets: usize, table: usize, ancestors: usize, committed: i32, first: i32, count: i32, cellStride: usize,
): void {
  for (let i = 0; i < count; i++) {
    const p = first + i
    const entry = p < committed ? table + (<usize>p << 2) : ancestors + (<usize>(p - committed) << 2)
    store<usize>(offsets + (<usize>i << 2), <usize>load<u32>(entry) * cellStride)
  }
}

/** `rows` f16 cells to f32[rows][headDim] at `tile`. */
// @ts-ignore: decorator
@inline
export function widenCells(
  tile: usize, cells: usize, offsets: usize, rows: i32, headDim: i32, mask: v128, factor: v128,
): void {
  for (let i = 0; i < rows; i++) {
    let at = rowAt(cells, offsets, i)
    let d = 0
    for (; d + 8 <= headDim; d += 8) {
      v128.store(tile, halfToFloat(v128.load16x4_s(at), mask, factor))
      v128.store(tile, halfToFloat(v128.load16x4_s(at, 8), mask, factor), 16)
      at += 16
      tile += 32
    }
    for (; d < headDim; d++) {
      store<f32>(tile, halfToFloatScalar(load<u16>(at)))
      at += 2
      tile += 4
    }
  }
}

/** Address of row `i` of a list. */
// @ts-ignore: decorator
@inline
export function rowAt(base: usize, offsets: usize, i: i32): usize {
  return base + load<usize>(offsets + (<usize>i << 2))
}

/** Bytes of `n` elements of type T (F32 or F16). */
// @ts-ignore: decorator
@inline
export function elementBytes<T>(n: usize): usize {
  return same<T, F32>() ? n << 2 : n << 1
}

/** Elements 4I .. 4I + 3 (I = C0 .. C7) of a row; cells hold no infinity or NaN (see store_f16). */
// @ts-ignore: decorator
@inline
export function load4<T, I>(at: usize, mask: v128, factor: v128): v128 {
  if (same<T, F32>()) return v128.load(at, 16 * offsetof<I>())
  return halfToFloat(v128.load16x4_s(at, 8 * offsetof<I>()), mask, factor)
}

/** One element of a row. */
// @ts-ignore: decorator
@inline
export function load1<T>(at: usize): f32 {
  if (same<T, F32>()) return load<f32>(at)
  return halfToFloatScalar(load<u16>(at))
}
