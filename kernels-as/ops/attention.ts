import { attendChunk, CHUNK, findChunk, stateBytes } from '../inline/attention'
import { C1, C2, C4 } from '../inline/constants'

/**
 * Attention of one row over positions first .. end - 1, for the `heads` query heads f32[heads][headDim] at `q` that share a
 * KV head. Position p lies in cell table[p] (u32) where p < committed, else in ancestors[p - committed]; cells
 * (inline/cells.ts) of type 0 = f32, 1 = f16, 2 = q8_0. `states`: of each chunk (inline/attention.ts) the states of all
 * heads, for merge_attention. `softcap` above 0 bounds the scores softly, see softcap.ts. `scratch`:
 * attentionScratchBytes(headDim) bytes. Both 16-byte aligned.
 */
export function attention(
  states: usize, q: usize, kCells: usize, vCells: usize, table: usize, ancestors: usize, committed: i32, first: i32,
  end: i32, kType: i32, vType: i32, heads: i32, headDim: i32, scale: f32, softcap: f32, scratch: usize,
): void {
  const headBytes = stateBytes(headDim)
  const queryBytes = <usize>headDim << 2
  while (first < end) {
    const count = min((first & -CHUNK) + CHUNK, end) - first
    findChunk(scratch, table, ancestors, committed, first, count, kType, vType, headDim)
    let query = q
    for (let left = heads; left >= 4; left -= 4) {
      attendChunk<C4>(states, query, kCells, vCells, count, kType, vType, headDim, scale, softcap, scratch)
      query += 4 * queryBytes
      states += 4 * headBytes
    }
    if (heads & 2) {
      attendChunk<C2>(states, query, kCells, vCells, count, kType, vType, headDim, scale, softcap, scratch)
      query += 2 * queryBytes
      states += 2 * headBytes
    }
    if (heads & 1) {
      attendChunk<C1>(states, query, kCells, vCells, count, kType, vType, headDim, scale, softcap, scratch)
      states += headBytes
    }
    first += count
  }
}
