// Attention of one row over cells of one KV head, chunk by chunk. Chunks end at multiples of CHUNK positions. Scores, their
// maximum, weights 2^(score - maximum) and the weighted sum of the values are formed in the order of positions; scores are
// kept times log2(e). Chunks are independent of each other, and their results are merged in order: the outcome depends on
// the values alone, not on where the cells lie nor on who computes a chunk. Query heads that share the cells are taken four
// at a time, the rest two and one at a time.
//
// The result of a chunk, a state, has per query head stateBytes(headDim): the weighted sum of the values f32[elements of a
// cell], the largest score, the sum of the weights, two words unused.
//
// scratch: what a step needs for constants and sums, offsets of K and V cells u32[CHUNK] each, scores f32[CHUNK][4], queries
// f32[elements of a cell][4].
import { cellBytes, F16, F32, findCells, paddedElements, Q8 } from './cells'
import { C1, C2, same } from './constants'
import { exp2All } from './exp2'
import { loadPadded } from './lanes'
import { score } from './score'
import { softcapped } from './softcapped'
import { weigh } from './weigh'

/** Positions of a chunk. */
// @ts-ignore: decorator
@inline export const CHUNK: i32 = 256
// @ts-ignore: decorator
@inline const OFFSETS_K: usize = 128
// @ts-ignore: decorator
@inline const OFFSETS_V: usize = OFFSETS_K + 4 * CHUNK
// @ts-ignore: decorator
@inline const SCORES: usize = OFFSETS_V + 4 * CHUNK
/** Where the queries lie, which take the rest of the scratch. */
// @ts-ignore: decorator
@inline export const QUERIES: usize = SCORES + 16 * CHUNK
// @ts-ignore: decorator
@inline const LOG2_E: f32 = 1.44269504

/** Bytes of a state per query head. */
// @ts-ignore: decorator
@inline
export function stateBytes(headDim: i32): usize {
  return (paddedElements(headDim) + 4) << 2
}

/** Finds the cells of a chunk's positions, for attendChunk. Types of cells: 0 = F32, 1 = F16, 2 = Q8. */
// @ts-ignore: decorator
@inline
export function findChunk(
  scratch: usize, table: usize, ancestors: usize, committed: i32, first: i32, count: i32, kType: i32, vType: i32,
  headDim: i32,
): void {
  const elements = paddedElements(headDim)
  findCells(scratch + OFFSETS_K, table, ancestors, committed, first, count, cellBytes(kType, elements))
  findCells(scratch + OFFSETS_V, table, ancestors, committed, first, count, cellBytes(vType, elements))
}

/** A chunk for H (C4, C2, C1) query heads. */
// @ts-ignore: decorator
@inline
export function attendChunk<H>(
  state: usize, q: usize, kCells: usize, vCells: usize, count: i32, kType: i32, vType: i32, headDim: i32, scale: f32,
  softcap: f32, scratch: usize,
): void {
  const scores = scratch + SCORES
  const queries = scratch + QUERIES
  const elements = paddedElements(headDim)
  const headBytes = stateBytes(headDim)
  // Soft caps are for scores without log2(e): it comes in with the cap.
  layOutQueries<H>(queries, q, headDim, softcap > 0 ? scale : scale * LOG2_E)
  const k = scratch + OFFSETS_K
  const v = scratch + OFFSETS_V
  const vBytes = cellBytes(vType, elements)
  if (kType == 0) score<F32, H>(scores, queries, kCells, k, count, elements, scratch, vCells, v, vBytes)
  else if (kType == 1) score<F16, H>(scores, queries, kCells, k, count, elements, scratch, vCells, v, vBytes)
  else score<Q8, H>(scores, queries, kCells, k, count, elements, scratch, vCells, v, vBytes)
  if (softcap > 0) softcapped(scores, count * <i32>offsetof<H>(), softcap, softcap * LOG2_E)
  softmax<H>(scores, count, state + (elements << 2), headBytes, scratch)
  if (vType == 0) weigh<F32, H>(state, headBytes, scores, vCells, v, count, elements, scratch)
  else if (vType == 1) weigh<F16, H>(state, headBytes, scores, vCells, v, count, elements, scratch)
  else weigh<Q8, H>(state, headBytes, scores, vCells, v, count, elements, scratch)
}

/** Queries f32[H][headDim] times `factor` -> f32[elements of a cell / 8][H][8], zeros behind headDim. */
// @ts-ignore: decorator
@inline
function layOutQueries<H>(out: usize, q: usize, headDim: i32, factor: f32): void {
  const factors = f32x4.splat(factor)
  const padded = <i32>paddedElements(headDim)
  for (let h: usize = 0; h < offsetof<H>(); h++) {
    let to = out + 32 * h
    for (let d = 0; d < padded; d += 4) {
      v128.store(to, f32x4.mul(loadPadded(q + (<usize>d << 2), headDim - d), factors))
      to += d & 4 ? 32 * offsetof<H>() - 16 : 16
    }
    q += <usize>headDim << 2
  }
}

/**
 * Scores [count][H] -> weights, and of each head the largest score and the sum of the weights to `state`. Pads the scores
 * with -infinity to whole vectors, which adds exact zeros.
 */
// @ts-ignore: decorator
@inline
function softmax<H>(scores: usize, count: i32, state: usize, headBytes: usize, scratch: usize): void {
  const filled = <usize>count * 4 * offsetof<H>()
  const bytes = (filled + 15) & ~15
  for (let at = filled; at < bytes; at += 4) store<f32>(scores + at, -Infinity)
  let largest = v128.load(scores)
  for (let at: usize = 16; at < bytes; at += 16) largest = f32x4.pmax(largest, v128.load(scores + at))
  if (offsetof<H>() < 4) largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 2, 3, 0, 1))
  if (same<H, C1>()) largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2))
  let sum = exp2All(scores, bytes, largest, scratch)
  if (offsetof<H>() < 4) sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1))
  if (same<H, C1>()) sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 1, 0, 3, 2))
  putState(state, f32x4.extract_lane(largest, 0), f32x4.extract_lane(sum, 0))
  if (offsetof<H>() > 1) putState(state + headBytes, f32x4.extract_lane(largest, 1), f32x4.extract_lane(sum, 1))
  if (offsetof<H>() > offsetof<C2>()) {
    putState(state + 2 * headBytes, f32x4.extract_lane(largest, 2), f32x4.extract_lane(sum, 2))
    putState(state + 3 * headBytes, f32x4.extract_lane(largest, 3), f32x4.extract_lane(sum, 3))
  }
}

// @ts-ignore: decorator
@inline
function putState(at: usize, largest: f32, sum: f32): void {
  store<f32>(at, largest)
  store<f32>(at, sum, 4)
}
