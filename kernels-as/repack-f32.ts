import { interleaveWords } from './inline/interleave'

/** `rows` rows of `k` f32 -> ceil(rows / 8) groups, column by column. */
export function repack_f32(out: usize, input: usize, rows: i32, k: i32): void {
  interleaveWords(out, input, rows, k)
}
