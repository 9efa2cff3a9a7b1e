// Attention of rows over cells of one KV head, chunk by chunk. Chunks end at multiples of CHUNK positions. Scores, their
// maximum, weights 2^(score - maximum) and the weighted sum of the values are formed in the order of positions; scores are
// kept times log2(e). Chunks are independent of each other, and their results are merged in order: the outcome depends on
// the values alone, not on where the cells lie nor on who computes a chunk. Query heads that share the cells are taken four
// at a time, the rest two and one at a time, each with an order of its own in which weights are summed. What is left of
// several rows is taken together, four queries at a time, in the order of one row alone.
//
// The result of a chunk, a state, has per query head stateBytes(headDim): the weighted sum of the values f32[elements of a
// cell], the largest score, the sum of the weights, two words unused.
//
// scratch: what a step needs for constants and sums, offsets of K and V cells u32[CHUNK + 4] each, scores f32[CHUNK][4],
// queries f32[elements of a cell][4], states of four heads.
import { cellBytes, F16, F32, findCells, paddedElements, Q8 } from './cells'
import { C1, C2, C4, same } from './constants'
import { exp2All } from './exp2'
import { loadPadded } from './lanes'
import { readerCount, readerFrom, readerQuery, readerState, READER_BYTES } from './readers'
import { score } from './score'
import { softcapped } from './softcapped'
import { weigh } from './weigh'

/** Positions of a chunk. */
// @ts-ignore: decorator
@inline export const CHUNK: i32 = 256
// @ts-ignore: decorator
@inline const OFFSETS_K: usize = 128
// @ts-ignore: decorator
@inline const OFFSETS_V: usize = OFFSETS_K + 4 * (CHUNK + 4)
// @ts-ignore: decorator
@inline const SCORES: usize = OFFSETS_V + 4 * (CHUNK + 4)
/** Where the queries lie, which with the states take the rest of the scratch. */
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

/** Finds the cells of a chunk's positions, for those who read them. Types of cells: 0 = F32, 1 = F16, 2 = Q8. */
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

/** A chunk for the H (C4, C2, C1) query heads behind `heads` others of one reader. `touched`: bytes of V cells to touch. */
export function attendHeads<H>(
  reader: usize, heads: i32, states: usize, q: usize, kCells: usize, vCells: usize, kType: i32, vType: i32,
  headDim: i32, scale: f32, softcap: f32, touched: usize, scratch: usize,
): void {
  const headBytes = stateBytes(headDim)
  const queryBytes = <usize>headDim << 2
  const query = q + readerQuery(reader) + <usize>heads * queryBytes
  const state = states + readerState(reader) + <usize>heads * headBytes
  const count = readerCount(reader)
  // Soft caps are for scores without log2(e): it comes in with the cap.
  const factor = softcap > 0 ? scale : scale * LOG2_E
  for (let h: usize = 0; h < offsetof<H>(); h++) {
    layOutQuery<H>(scratch + QUERIES, h, query + h * queryBytes, headDim, factor)
  }
  scoreChunk<H>(kCells, vCells, readerFrom(reader), count, kType, headDim, softcap, touched, scratch)
  softmax<H>(scratch + SCORES, count, state + (paddedElements(headDim) << 2), headBytes, scratch)
  weighChunk<H>(state, vCells, readerFrom(reader), count, vType, headDim, scratch)
}

/**
 * The same for the H (C2, C1) query heads behind `heads` others of each of 4 / H readers: of the `left` that follow one
 * another, the last one again where there are fewer. They see the same first position, and the last one most.
 */
export function attendReaders<H>(
  readers: usize, left: i32, heads: i32, states: usize, q: usize, kCells: usize, vCells: usize, kType: i32, vType: i32,
  headDim: i32, scale: f32, softcap: f32, touched: usize, scratch: usize,
): void {
  const headBytes = stateBytes(headDim)
  const queryBytes = <usize>headDim << 2
  const elements = paddedElements(headDim)
  const scores = scratch + SCORES
  const queries = scratch + QUERIES
  const together = queries + (elements << 4)
  const factor = softcap > 0 ? scale : scale * LOG2_E
  const rows: i32 = 4 / <i32>offsetof<H>()
  const from = readerFrom(readers)
  const most = readerCount(readers + <usize>min(left - 1, rows - 1) * READER_BYTES)
  for (let h = 0; h < 4; h++) {
    const query = q + readerQuery(nth<H>(readers, left, h)) + <usize>(heads + h % <i32>offsetof<H>()) * queryBytes
    layOutQuery<C4>(queries, h, query, headDim, factor)
  }
  scoreChunk<C4>(kCells, vCells, from, most, kType, headDim, softcap, touched, scratch)
  // Whoever sees less gives the rest no weight.
  for (let h = 0; h < 4; h++) {
    for (let i = readerCount(nth<H>(readers, left, h)); i < most; i++) {
      store<f32>(scores + (<usize>i << 4) + (<usize>h << 2), -Infinity)
    }
  }
  softmaxOfReaders<H>(scores, most, together + (elements << 2), headBytes, scratch)
  weighChunk<C4>(together, vCells, from, most, vType, headDim, scratch)
  for (let h = 0; h < 4; h++) {
    const state = states + readerState(nth<H>(readers, left, h)) + <usize>(heads + h % <i32>offsetof<H>()) * headBytes
    for (let at: usize = 0; at < headBytes; at += 16) {
      v128.store(state + at, v128.load(together + <usize>h * headBytes + at))
    }
  }
}

/** Whose query `h` of four is, where every reader has H. */
// @ts-ignore: decorator
@inline
function nth<H>(readers: usize, left: i32, h: i32): usize {
  return readers + <usize>min(left - 1, h / <i32>offsetof<H>()) * READER_BYTES
}

/** Scores [count][H] of the queries in the scratch. */
// @ts-ignore: decorator
@inline
function scoreChunk<H>(
  kCells: usize, vCells: usize, from: usize, count: i32, kType: i32, headDim: i32, softcap: f32, touched: usize,
  scratch: usize,
): void {
  const scores = scratch + SCORES
  const queries = scratch + QUERIES
  const elements = paddedElements(headDim)
  const k = scratch + OFFSETS_K + (from << 2)
  const v = scratch + OFFSETS_V + (from << 2)
  if (kType == 0) score<F32, H>(scores, queries, kCells, k, count, elements, scratch, vCells, v, touched)
  else if (kType == 1) score<F16, H>(scores, queries, kCells, k, count, elements, scratch, vCells, v, touched)
  else score<Q8, H>(scores, queries, kCells, k, count, elements, scratch, vCells, v, touched)
  if (softcap > 0) softcapped(scores, count * <i32>offsetof<H>(), softcap, softcap * LOG2_E)
}

/** The sums of the values, weighted with what the scores have become. */
// @ts-ignore: decorator
@inline
function weighChunk<H>(
  state: usize, vCells: usize, from: usize, count: i32, vType: i32, headDim: i32, scratch: usize,
): void {
  const scores = scratch + SCORES
  const v = scratch + OFFSETS_V + (from << 2)
  const elements = paddedElements(headDim)
  const headBytes = stateBytes(headDim)
  if (vType == 0) weigh<F32, H>(state, headBytes, scores, vCells, v, count, elements, scratch)
  else if (vType == 1) weigh<F16, H>(state, headBytes, scores, vCells, v, count, elements, scratch)
  else weigh<Q8, H>(state, headBytes, scores, vCells, v, count, elements, scratch)
}

/** A query f32[headDim] times `factor` -> number `h` of f32[elements of a cell / 8][H][8], zeros behind headDim. */
// @ts-ignore: decorator
@inline
function layOutQuery<H>(out: usize, h: usize, q: usize, headDim: i32, factor: f32): void {
  const factors = f32x4.splat(factor)
  const padded = <i32>paddedElements(headDim)
  let to = out + 32 * h
  for (let d = 0; d < padded; d += 4) {
    v128.store(to, f32x4.mul(loadPadded(q + (<usize>d << 2), headDim - d), factors))
    to += d & 4 ? 32 * offsetof<H>() - 16 : 16
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
  let sum = exp2All(scores, scores + bytes, 16, largest, scratch)
  if (offsetof<H>() < 4) sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1))
  if (same<H, C1>()) sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 1, 0, 3, 2))
  putStates<H>(state, headBytes, largest, sum)
}

/** The same for H heads of each of 4 / H readers, their scores [count][4], in the order in which softmax<H> sums. */
// @ts-ignore: decorator
@inline
function softmaxOfReaders<H>(scores: usize, count: i32, state: usize, headBytes: usize, scratch: usize): void {
  const end = scores + (<usize>count << 4)
  let largest = v128.load(scores)
  for (let at = scores + 16; at < end; at += 16) largest = f32x4.pmax(largest, v128.load(at))
  // Positions whose weights are one lane of softmax<H>: every second one, or every fourth.
  const strands: usize = 4 / offsetof<H>()
  const sums = scratch + 16
  for (let strand: usize = 0; strand < strands; strand++) {
    v128.store(sums + 16 * strand, exp2All(scores + 16 * strand, end, 16 * strands, largest, scratch))
  }
  let sum = f32x4.add(v128.load(sums), v128.load(sums + 8 * strands))
  if (same<H, C1>()) sum = f32x4.add(sum, f32x4.add(v128.load(sums, 16), v128.load(sums, 48)))
  putStates<C4>(state, headBytes, largest, sum)
}

/** Of each of H heads the largest score and the sum of the weights. */
// @ts-ignore: decorator
@inline
function putStates<H>(state: usize, headBytes: usize, largest: v128, sum: v128): void {
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
