// KV cells of one head. A cell holds the head's elements, zeros up to a multiple of 8 behind them, all finite whatever was
// stored, since a row may go over cells that only its neighbours see, and give them no weight:
//   F32, F16   the elements
//   Q8         i8 codes, then an f32 scale for every 32 elements
// Cells are found through tables of cell numbers; a list of them is a base address and u32 offsets.
import { C0, C1, C2, same } from './constants'
import { halfToFloat } from './half'

/** Types of cells, numbered as kernels are told. */
export type F32 = C0
export type F16 = C1
export type Q8 = C2

/** Elements of a cell: those of the head and the zeros behind them. */
// @ts-ignore: decorator
@inline
export function paddedElements(headDim: i32): usize {
  return <usize>((headDim + 7) & ~7)
}

/** Bytes of a cell of type 0 = F32, 1 = F16, 2 = Q8. */
// @ts-ignore: decorator
@inline
export function cellBytes(type: i32, elements: usize): usize {
  return type == 0 ? elements << 2 : type == 1 ? elements << 1 : elements + (((elements + 31) >> 5) << 2)
}

/**
 * Byte offsets of the cells of positions first .. first + count - 1, of `bytes` each; the last one is repeated three times,
 * for readers of four at a time.
 */
// @ts-ignore: decorator
@inline
export function findCells(
  offsets: usize, table: usize, ancestors: usize, committed: i32, first: i32, count: i32, bytes: usize,
): void {
  for (let i = 0; i < count; i++) {
    const p = first + i
    const entry = p < committed ? table + (<usize>p << 2) : ancestors + (<usize>(p - committed) << 2)
    store<usize>(offsets + (<usize>i << 2), <usize>load<u32>(entry) * bytes)
  }
  const last = load<usize>(offsets + (<usize>(count - 1) << 2))
  for (let i = count; i < count + 3; i++) store<usize>(offsets + (<usize>i << 2), last)
}

/** Address of cell `i` of a list. */
// @ts-ignore: decorator
@inline
export function cellAt(base: usize, offsets: usize, i: i32): usize {
  return base + load<usize>(offsets + (<usize>i << 2))
}

/** Where element `d` is, from the beginning of the cell. */
// @ts-ignore: decorator
@inline
export function elementAt<T>(d: usize): usize {
  return same<T, F32>() ? d << 2 : same<T, F16>() ? d << 1 : d
}

/** What `first4` and `last4` multiply with: the scale of element `d` of a Q8 cell, of no use with F32. */
// @ts-ignore: decorator
@inline
export function factorAt<T>(cell: usize, d: usize, elements: usize, halfFactor: v128): v128 {
  return same<T, Q8>() ? v128.load32_splat(cell + elements + ((d >> 5) << 2)) : halfFactor
}

/** What `first4` and `last4` need of the eight elements at `at`. */
// @ts-ignore: decorator
@inline
export function eight<T>(at: usize): v128 {
  return same<T, Q8>() ? v128.load8x8_s(at) : i32x4.splat(0)
}

/** The first four of the eight elements at `at`; cells hold no infinity or NaN. `mask`, `factor`: see halfToFloat. */
// @ts-ignore: decorator
@inline
export function first4<T>(at: usize, both: v128, mask: v128, factor: v128): v128 {
  if (same<T, F32>()) return v128.load(at)
  if (same<T, F16>()) return halfToFloat(v128.load16x4_s(at), mask, factor)
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(both)), factor)
}

/** The last four. */
// @ts-ignore: decorator
@inline
export function last4<T>(at: usize, both: v128, mask: v128, factor: v128): v128 {
  if (same<T, F32>()) return v128.load(at, 16)
  if (same<T, F16>()) return halfToFloat(v128.load16x4_s(at, 8), mask, factor)
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(both)), factor)
}

/** Reads a byte of every line of `bytes`, so that they come out of memory while others are in use. The sum has to go somewhere. */
// @ts-ignore: decorator
@inline
export function touch(at: usize, bytes: usize): i32 {
  let sum = 0
  for (const end = at + bytes; at < end; at += 64) sum += <i32>load<u8>(at)
  return sum
}
