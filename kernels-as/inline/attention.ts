// One row against one KV head, for the query heads that share it. Positions are taken in fixed chunks of CHUNK
// absolute positions: scores, their maximum, weights e^(score - maximum) and the weighted sum of values are formed per
// chunk, in position order; chunks are merged in order. So the result depends on the values alone, not on where the
// cells lie. Positions before `from` are left out. Cells are read in tiles of TILE_ROWS; where several heads share f16
// cells, a tile is widened to f32 first.
//
// scratch: cell offsets u32[CHUNK], offsets in a tile u32[TILE_ROWS], scores f32[heads][CHUNK], maximum and sum so far
// and of the chunk f32[heads][4] padded to 64 bytes, the chunk's weighted values f32[heads][headDim], a tile
// f32[TILE_ROWS][headDim].
import { findCells, widenCells } from './cells'
import { same } from './constants'
import { exp } from './exp'
import { F32 } from './float-weights'
import { HALF_FACTOR, HALF_MASK, held } from './half'
import { maxLanes, sumLanes } from './lanes'
import { score } from './score'
import { softcapped } from './softcapped'
import { weigh } from './weigh'

// @ts-ignore: decorator
@inline const CHUNK: i32 = 256
// @ts-ignore: decorator
@inline const CHUNK_BYTES: usize = 1024
// @ts-ignore: decorator
@inline const TILE_ROWS: i32 = 16

/** T: the cells' element type, F32 or F16. */
// @ts-ignore: decorator
@inline
export function attention<T>(
  out: usize, q: usize, kCells: usize, vCells: usize, table: usize, ancestors: usize, committed: i32, length: i32,
  cellStride: usize, heads: i32, headDim: i32, scale: f32, scratch: usize, from: i32,
  softcap: f32,
): void {
  const headBytes = <usize>headDim << 2
  const offsets = scratch
  const tileOffsets = offsets + CHUNK_BYTES
  const scores = tileOffsets + (TILE_ROWS << 2)
  const states = scores + <usize>heads * CHUNK_BYTES
  const partial = states + ((<usize>heads * 16 + 63) & ~63)
  const tile = partial + <usize>heads * headBytes
  const mask = held(i32x4.splat(HALF_MASK), states)
  const factor = held(i32x4.splat(HALF_FACTOR), states)
  for (let i: usize = 0; i < <usize>TILE_ROWS; i++) store<usize>(tileOffsets + 4 * i, i * headBytes)
  let next = 0
  for (let first = from; first < length; first = next) {
    next = (first & -CHUNK) + CHUNK
    const count = min(next, length) - first
    findCells(offsets, table, ancestors, committed, first, count, cellStride)
    for (let i = 0; i < count; i += TILE_ROWS) {
      const rows = min(TILE_ROWS, count - i)
      const at = offsets + (<usize>i << 2)
      const to = scores + (<usize>i << 2)
      if (same<T, F32>() || heads == 1) {
        for (let h: usize = 0; h < <usize>heads; h++) {
          score<T>(to + h * CHUNK_BYTES, q + h * headBytes, kCells, at, rows, headDim, scale, mask, factor)
        }
      } else {
        widenCells(tile, kCells, at, rows, headDim, mask, factor)
        for (let h: usize = 0; h < <usize>heads; h++) {
          score<F32>(to + h * CHUNK_BYTES, q + h * headBytes, tile, tileOffsets, rows, headDim, scale, mask, factor)
        }
      }
    }
    for (let h: usize = 0; h < <usize>heads; h++) {
      const ofHead = scores + h * CHUNK_BYTES
      if (softcap > 0) softcapped(ofHead, count, softcap)
      exponentiate(ofHead, count, states + 16 * h)
    }
    const weighted = first == from ? out : partial
    for (let i = 0; i < count; i += TILE_ROWS) {
      const rows = min(TILE_ROWS, count - i)
      const at = offsets + (<usize>i << 2)
      const weights = scores + (<usize>i << 2)
      if (same<T, F32>() || heads == 1) {
        for (let h: usize = 0; h < <usize>heads; h++) {
          weigh<T>(weighted + h * headBytes, i == 0, weights + h * CHUNK_BYTES, vCells, at, rows, headDim, mask, factor)
        }
      } else {
        widenCells(tile, vCells, at, rows, headDim, mask, factor)
        for (let h: usize = 0; h < <usize>heads; h++) {
          const to = weighted + h * headBytes
          weigh<F32>(to, i == 0, weights + h * CHUNK_BYTES, tile, tileOffsets, rows, headDim, mask, factor)
        }
      }
    }
    for (let h: usize = 0; h < <usize>heads; h++) {
      merge(first == from, out + h * headBytes, states + 16 * h, partial + h * headBytes, headDim)
    }
  }
  for (let h: usize = 0; h < <usize>heads; h++) divide(out + h * headBytes, load<f32>(states + 16 * h, 4), headDim)
}

/**
 * Scores -> e^(score - the largest of them), and the largest and their sum into the chunk's part of `state`. Pads the
 * scores with -infinity to a multiple of four, which adds exact zeros; score i is summed in lane i mod 4.
 */
// @ts-ignore: decorator
@inline
function exponentiate(scores: usize, count: i32, state: usize): void {
  const end = scores + (<usize>count << 2)
  for (let at = end; at & 15; at += 4) store<f32>(at, -Infinity)
  let largest = v128.load(scores)
  for (let at = scores + 16; at < end; at += 16) largest = f32x4.pmax(largest, v128.load(at))
  const max = maxLanes(largest)
  const shift = f32x4.splat(max)
  let sum = f32x4.splat(0)
  for (let at = scores; at < end; at += 16) {
    const e = exp(f32x4.sub(v128.load(at), shift))
    v128.store(at, e)
    sum = f32x4.add(sum, e)
  }
  store<f32>(state, max, 8)
  store<f32>(state, sumLanes(sum), 12)
}

/**
 * Adds a chunk's weighted values and sum to those of all chunks before it, both rescaled to the larger maximum. The
 * first chunk's values are in `head` already.
 */
// @ts-ignore: decorator
@inline
function merge(isFirst: bool, head: usize, state: usize, partial: usize, headDim: i32): void {
  const chunkMax = load<f32>(state, 8)
  const chunkSum = load<f32>(state, 12)
  if (isFirst) {
    store<f32>(state, chunkMax)
    store<f32>(state, chunkSum, 4)
    return
  }
  const before = load<f32>(state)
  // A NaN maximum must survive, hence not `>`.
  const both = before <= chunkMax ? chunkMax : before
  const factors = exp(f32x4.replace_lane(f32x4.splat(before - both), 1, chunkMax - both))
  const old = f32x4.extract_lane(factors, 0)
  const fresh = f32x4.extract_lane(factors, 1)
  store<f32>(state, both)
  store<f32>(state, load<f32>(state, 4) * old + chunkSum * fresh, 4)
  const end = head + (<usize>headDim << 2)
  for (; head + 16 <= end; head += 16) {
    const kept = f32x4.mul(v128.load(head), f32x4.splat(old))
    v128.store(head, f32x4.add(kept, f32x4.mul(v128.load(partial), f32x4.splat(fresh))))
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
