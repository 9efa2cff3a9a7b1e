// One row against one KV head, for the query heads that share it. Positions are taken in fixed chunks of CHUNK
// absolute positions: scores, their maximum, weights e^(score - maximum) and the weighted sum of values are formed per
// chunk, in position order; chunks are merged in order. So the result depends on the values alone, not on where the
// cells lie.
import { same } from './constants'
import { exp } from './exp'
import { F32 } from './float-weights'
import { HALF_FACTOR, HALF_MASK, halfToFloat, halfToFloatScalar, hidden } from './half'
import { maxLanes, sumLanes } from './lanes'

// @ts-ignore: decorator
@inline const CHUNK: i32 = 256

// @ts-ignore: decorator
@inline
export function attention<T>(
  out: usize, q: usize, kCells: usize, vCells: usize, table: usize, ancestors: usize, committed: i32,
  length: i32, cellStride: usize, heads: i32, headDim: i32, scale: f32, scratch: usize,
): void {
  const offsets = scratch
  const scores = offsets + (CHUNK << 2)
  const maxima = scores + (<usize>heads * (CHUNK << 2))
  const sums = maxima + (<usize>heads << 2)
  const partial = (sums + (<usize>heads << 2) + 63) & ~63
  const headBytes = <usize>headDim << 2
  for (let first = 0; first < length; first += CHUNK) {
    const count = min(CHUNK, length - first)
    findCells(offsets, table, ancestors, committed, first, count, cellStride)
    for (let h = 0; h < heads; h++) {
      const weights = scores + <usize>h * (CHUNK << 2)
      score<T>(weights, q + <usize>h * headBytes, kCells, offsets, count, headDim, scale)
      const head = out + <usize>h * headBytes
      const max = maxima + (<usize>h << 2)
      const sum = sums + (<usize>h << 2)
      const chunkMax = largest(weights, count)
      const chunkSum = exponentiate(weights, count, chunkMax)
      if (first == 0) {
        weigh<T>(head, weights, vCells, offsets, count, headDim)
        store<f32>(max, chunkMax)
        store<f32>(sum, chunkSum)
      } else {
        weigh<T>(partial, weights, vCells, offsets, count, headDim)
        merge(head, max, sum, partial, chunkMax, chunkSum, headDim)
      }
    }
  }
  for (let h = 0; h < heads; h++) divide(out + <usize>h * headBytes, load<f32>(sums + (<usize>h << 2)), headDim)
}

/** Byte offsets of the cells of positions first .. first + count - 1. */
// @ts-ignore: decorator
@inline
function findCells(
  offsets: usize, table: usize, ancestors: usize, committed: i32, first: i32, count: i32, cellStride: usize,
): void {
  for (let i = 0; i < count; i++) {
    const p = first + i
    const cell = p < committed ? load<u32>(table + (<usize>p << 2)) : load<u32>(ancestors + (<usize>(p - committed) << 2))
    store<usize>(offsets + (<usize>i << 2), <usize>cell * cellStride)
  }
}

/** Four elements of a cell; cells hold no infinity or NaN (see store_f16). */
// @ts-ignore: decorator
@inline
function load4<T>(at: usize, mask: v128, factor: v128): v128 {
  return same<T, F32>() ? v128.load(at) : halfToFloat(v128.load16x4_s(at), mask, factor)
}

// @ts-ignore: decorator
@inline
function load1<T>(at: usize): f32 {
  return same<T, F32>() ? load<f32>(at) : halfToFloatScalar(load<u16>(at))
}

// @ts-ignore: decorator
@inline
function elementShift<T>(): i32 {
  return same<T, F32>() ? 2 : 1
}

/** scores[i] = (q . K of cell i) * scale. Element d goes to accumulator (d / 4) mod 4 of four f32x4. */
// @ts-ignore: decorator
@inline
function score<T>(
  scores: usize, q: usize, kCells: usize, offsets: usize, count: i32, headDim: i32, scale: f32,
): void {
  const mask = hidden(HALF_MASK, count >> 31)
  const factor = hidden(HALF_FACTOR, count >> 31)
  const step: usize = 4 << elementShift<T>()
  for (let i = 0; i < count; i++) {
    let k = kCells + load<usize>(offsets + (<usize>i << 2))
    let x = q
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
    let d = 0
    for (; d + 16 <= headDim; d += 16) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(x), load4<T>(k, mask, factor)))
      s1 = f32x4.add(s1, f32x4.mul(v128.load(x, 16), load4<T>(k + step, mask, factor)))
      s2 = f32x4.add(s2, f32x4.mul(v128.load(x, 32), load4<T>(k + 2 * step, mask, factor)))
      s3 = f32x4.add(s3, f32x4.mul(v128.load(x, 48), load4<T>(k + 3 * step, mask, factor)))
      x += 64
      k += 4 * step
    }
    for (; d + 4 <= headDim; d += 4) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(x), load4<T>(k, mask, factor)))
      x += 16
      k += step
    }
    let sum = sumLanes(f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3)))
    for (; d < headDim; d++) {
      sum += load<f32>(x) * load1<T>(k)
      x += 4
      k += 1 << elementShift<T>()
    }
    store<f32>(scores + (<usize>i << 2), sum * scale)
  }
}

/** The largest of the scores; pads them with -infinity to a multiple of four. */
// @ts-ignore: decorator
@inline
function largest(scores: usize, count: i32): f32 {
  const end = scores + (<usize>count << 2)
  for (let at = end; at & 15; at += 4) store<f32>(at, -Infinity)
  let max = v128.load(scores)
  for (let at = scores + 16; at < end; at += 16) max = f32x4.pmax(max, v128.load(at))
  return maxLanes(max)
}

/** scores[i] = e^(scores[i] - max); returns their sum, score i in lane i mod 4. Padding adds exact zeros. */
// @ts-ignore: decorator
@inline
function exponentiate(scores: usize, count: i32, max: f32): f32 {
  const end = scores + (<usize>count << 2)
  const shift = f32x4.splat(max)
  let sum = f32x4.splat(0)
  for (let at = scores; at < end; at += 16) {
    const e = exp(f32x4.sub(v128.load(at), shift))
    v128.store(at, e)
    sum = f32x4.add(sum, e)
  }
  return sumLanes(sum)
}

/** out[d] = sum over i of weights[i] * V of cell i [d], in order of i. */
// @ts-ignore: decorator
@inline
function weigh<T>(
  out: usize, weights: usize, vCells: usize, offsets: usize, count: i32, headDim: i32,
): void {
  const mask = hidden(HALF_MASK, count >> 31)
  const factor = hidden(HALF_FACTOR, count >> 31)
  const step: usize = 4 << elementShift<T>()
  let d = 0
  let column = vCells
  for (; d + 32 <= headDim; d += 32) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
    let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0)
    for (let i: usize = 0; i < <usize>count << 2; i += 4) {
      const w = v128.load32_splat(weights + i)
      const v = column + load<usize>(offsets + i)
      s0 = f32x4.add(s0, f32x4.mul(w, load4<T>(v, mask, factor)))
      s1 = f32x4.add(s1, f32x4.mul(w, load4<T>(v + step, mask, factor)))
      s2 = f32x4.add(s2, f32x4.mul(w, load4<T>(v + 2 * step, mask, factor)))
      s3 = f32x4.add(s3, f32x4.mul(w, load4<T>(v + 3 * step, mask, factor)))
      s4 = f32x4.add(s4, f32x4.mul(w, load4<T>(v + 4 * step, mask, factor)))
      s5 = f32x4.add(s5, f32x4.mul(w, load4<T>(v + 5 * step, mask, factor)))
      s6 = f32x4.add(s6, f32x4.mul(w, load4<T>(v + 6 * step, mask, factor)))
      s7 = f32x4.add(s7, f32x4.mul(w, load4<T>(v + 7 * step, mask, factor)))
    }
    v128.store(out, s0)
    v128.store(out, s1, 16)
    v128.store(out, s2, 32)
    v128.store(out, s3, 48)
    v128.store(out, s4, 64)
    v128.store(out, s5, 80)
    v128.store(out, s6, 96)
    v128.store(out, s7, 112)
    out += 128
    column += 8 * step
  }
  for (; d + 8 <= headDim; d += 8) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0)
    for (let i: usize = 0; i < <usize>count << 2; i += 4) {
      const w = v128.load32_splat(weights + i)
      const v = column + load<usize>(offsets + i)
      s0 = f32x4.add(s0, f32x4.mul(w, load4<T>(v, mask, factor)))
      s1 = f32x4.add(s1, f32x4.mul(w, load4<T>(v + step, mask, factor)))
    }
    v128.store(out, s0)
    v128.store(out, s1, 16)
    out += 32
    column += 2 * step
  }
  for (; d < headDim; d++) {
    let s: f32 = 0
    for (let i: usize = 0; i < <usize>count << 2; i += 4) {
      s += load<f32>(weights + i) * load1<T>(column + load<usize>(offsets + i))
    }
    store<f32>(out, s)
    out += 4
    column += 1 << elementShift<T>()
  }
}

/** Adds a chunk's sums to those of all chunks before it, both rescaled to the larger maximum. */
// @ts-ignore: decorator
@inline
function merge(head: usize, max: usize, sum: usize, partial: usize, chunkMax: f32, chunkSum: f32, headDim: i32): void {
  const before = load<f32>(max)
  // A NaN maximum must survive, hence not `>`.
  const both = before <= chunkMax ? chunkMax : before
  const factors = exp(f32x4.replace_lane(f32x4.splat(before - both), 1, chunkMax - both))
  const old = f32x4.extract_lane(factors, 0)
  const fresh = f32x4.extract_lane(factors, 1)
  store<f32>(max, both)
  store<f32>(sum, load<f32>(sum) * old + chunkSum * fresh)
  const end = head + (<usize>headDim << 2)
  for (; head + 16 <= end; head += 16) {
    v128.store(
      head,
      f32x4.add(f32x4.mul(v128.load(head), f32x4.splat(old)), f32x4.mul(v128.load(partial), f32x4.splat(fresh))),
    )
    partial += 16
  }
  for (; head < end; head += 4) {
    store<f32>(head, load<f32>(head) * old + load<f32>(partial) * fresh)
    partial += 4
  }
}

// @ts-ignore: decorator
@inline
function divide(out: usize, divisor: f32, n: i32): void {
  const end = out + (<usize>n << 2)
  for (; out + 16 <= end; out += 16) v128.store(out, f32x4.div(v128.load(out), f32x4.splat(divisor)))
  for (; out < end; out += 4) store<f32>(out, load<f32>(out) / divisor)
}
