import { attention } from './inline/attention'
import { F32 } from './inline/float-weights'

/**
 * Attention of one row over f32 cells of one KV head, for the `heads` query heads that share it: q, out
 * f32[heads][headDim]. Position p < length lies in cell table[p] (u32) where p < committed, else in
 * ancestors[p - committed]; K of cell c at kCells + c * cellStride, V at vCells + c * cellStride, f32[headDim].
 * `scratch`: attentionScratchBytes(heads, headDim) bytes, 64-byte aligned. Positions before `from` are not seen.
 * `softcap` above 0 bounds the scores softly, see softcap.ts.
 */
export function attention_f32(
  out: usize, q: usize, kCells: usize, vCells: usize, table: usize, ancestors: usize, committed: i32, length: i32,
  cellStride: usize, heads: i32, headDim: i32, scale: f32, scratch: usize, from: i32,
  softcap: f32,
): void {
  attention<F32>(
    out, q, kCells, vCells, table, ancestors, committed, length, cellStride, heads, headDim, scale, scratch,
    from, softcap,
  )
}
