// The ABI is what this file and the files of ops/ and types/ export: every export is a kernel, or a number that memory is
// planned with. The host reads the numbers from here (build.mjs, engine/model/kernels.ts) and states none of them again.
//
// Kernels read the `@inline` constants behind the exports, not the exports: Binaryen optimizes a function that reads a global
// out of turn, and then no longer sees that the rows of a block share its codes.
import { CHUNK, QUERIES } from './inline/attention'
import { GROUP_STATE_BYTES } from './inline/group-state'
import { SPAN } from './inline/matmul-blocks'
import { Q8_BLOCK_BYTES } from './inline/q8'
import { READER_BYTES } from './inline/readers'
import { HEAD_BYTES, SHORT_ROW } from './inline/row-factors'

/** Positions of a chunk of attention, and where in its scratch the queries lie: f32 [elements of a cell][4]. */
export const attention_chunk: i32 = CHUNK
export const attention_queries_at: i32 = <i32>QUERIES
/** What attention is told of a row that reads a chunk. */
export const reader_bytes: i32 = <i32>READER_BYTES
/** Groups that a product takes side by side, and what each needs of its scratch. */
export const span_groups: i32 = SPAN
export const group_state_bytes: i32 = <i32>GROUP_STATE_BYTES
/** Either half of 32 activations in the `q8` form. */
export const q8_half_bytes: i32 = <i32>Q8_BLOCK_BYTES
/** The head of a group with factors of its rows; one byte a row where rows have fewer elements than this. */
export const head_bytes: i32 = <i32>HEAD_BYTES
export const short_row_elements: i32 = SHORT_ROW
