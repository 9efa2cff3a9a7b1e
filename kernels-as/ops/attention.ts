import { attendHeads, attendReaders, findChunk } from '../inline/attention'
import { cellBytes, paddedElements } from '../inline/cells'
import { C1, C2, C4 } from '../inline/constants'
import { alikeReaders, READER_BYTES } from '../inline/readers'

/**
 * Attention of `count` readers (inline/readers.ts) over positions first .. end - 1 of one chunk, each over those it sees,
 * for the `heads` query heads f32[heads][headDim] that share a KV head. Position p lies in cell table[p] (u32) where p <
 * committed, else in ancestors[p - committed]; cells (inline/cells.ts) of type 0 = f32, 1 = f16, 2 = q8_0. `q`: what the
 * places of the readers' queries are counted from; `states`: what those of the results are, the states of all heads
 * (inline/attention.ts), for merge_attention. `softcap` above 0 bounds the scores softly, see softcap.ts. `scratch`:
 * attentionScratchBytes(headDim) bytes. `states` and `scratch` are 16-byte aligned.
 */
export function attention(
  states: usize, q: usize, readers: usize, count: i32, kCells: usize, vCells: usize, table: usize, ancestors: usize,
  committed: i32, first: i32, end: i32, kType: i32, vType: i32, heads: i32, headDim: i32, scale: f32, softcap: f32,
  scratch: usize,
): void {
  findChunk(scratch, table, ancestors, committed, first, end - first, kType, vType, headDim)
  const last = readers + <usize>count * READER_BYTES
  // Cells are in the cache once the first reader is done.
  let touched = cellBytes(vType, paddedElements(headDim))
  const fours = heads & ~3
  while (readers < last) {
    const alike = alikeReaders(readers, last)
    for (let i = 0; i < alike; i++) {
      const reader = readers + <usize>i * READER_BYTES
      for (let h = 0; h < fours; h += 4) {
        attendHeads<C4>(reader, h, states, q, kCells, vCells, kType, vType, headDim, scale, softcap, touched, scratch)
        touched = 0
      }
    }
    if (heads & 2) {
      attendRest<C2>(
        readers, alike, fours, states, q, kCells, vCells, kType, vType, headDim, scale, softcap, touched, scratch,
      )
      touched = 0
    }
    if (heads & 1) {
      const before = fours + (heads & 2)
      attendRest<C1>(
        readers, alike, before, states, q, kCells, vCells, kType, vType, headDim, scale, softcap, touched, scratch,
      )
      touched = 0
    }
    readers += <usize>alike * READER_BYTES
  }
}

/** The H query heads behind `before` others of `alike` readers: four queries at a time, where there are more than two. */
// @ts-ignore: decorator
@inline
function attendRest<H>(
  readers: usize, alike: i32, before: i32, states: usize, q: usize, kCells: usize, vCells: usize, kType: i32,
  vType: i32, headDim: i32, scale: f32, softcap: f32, touched: usize, scratch: usize,
): void {
  let left = alike
  let reader = readers
  while (left > 0) {
    let taken = 1
    if (left * <i32>offsetof<H>() > 2) {
      attendReaders<H>(
        reader, left, before, states, q, kCells, vCells, kType, vType, headDim, scale, softcap, touched, scratch,
      )
      taken = 4 / <i32>offsetof<H>()
    } else {
      attendHeads<H>(reader, before, states, q, kCells, vCells, kType, vType, headDim, scale, softcap, touched, scratch)
    }
    reader += <usize>taken * READER_BYTES
    left -= taken
    touched = 0
  }
}
