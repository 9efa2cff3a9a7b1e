// KV cells as the kernels keep them, and what attention over them needs of memory. See kernels-as/inline/cells.ts and
// kernels-as/inline/attention.ts. Pure.
import { SIZES } from '../../../kernels-as/sizes.js'
import type { Kernels, StoreKernel } from '../kernels.ts'

/** Types of KV cells, at the place of the number by which the kernels know them. */
export const CELL_TYPES = ['f32', 'f16', 'q8_0'] as const
export type CellType = (typeof CELL_TYPES)[number]

/** Elements of a cell that share a scale. */
const SCALE_ELEMENTS = 32

export const cellTypeNumber = (type: CellType): number => CELL_TYPES.indexOf(type)

/** Elements of a cell: whole eights. */
const paddedElements = (headDim: number): number => Math.ceil(headDim / 8) * 8

/** Bytes of the K or V of one head at one position. */
export function cellBytes(type: CellType, headDim: number): number {
  const elements = paddedElements(headDim)
  if (type === 'q8_0') return elements + Math.ceil(elements / SCALE_ELEMENTS) * 4
  return elements * (type === 'f32' ? 4 : 2)
}

/** What writes cells of a type. */
export function storeKernel(kernels: Kernels, type: CellType): StoreKernel {
  if (type === 'q8_0') return kernels.store_q8_0
  return type === 'f32' ? kernels.store_f32 : kernels.store_f16
}

/** Positions of one attention chunk: partial sums are formed per chunk of absolute positions, then merged in order. */
export const ATTENTION_CHUNK = SIZES.attention_chunk

/** Chunks that positions first .. end - 1 lie in. */
export const chunksOf = (first: number, end: number): number =>
  Math.ceil(end / ATTENTION_CHUNK) - Math.floor(first / ATTENTION_CHUNK)

/** Bytes of the result of one chunk for `heads` query heads. */
export const attentionStateBytes = (heads: number, headDim: number): number => heads * (paddedElements(headDim) + 4) * 4

/** What a chunk needs for itself, and four queries with their results. */
export const attentionScratchBytes = (headDim: number): number =>
  SIZES.attention_queries_at + 4 * paddedElements(headDim) * 4 + attentionStateBytes(4, headDim)

/** What the kernel is told of a row that reads a chunk, see kernels-as/inline/readers.ts. */
export const READER_BYTES = SIZES.reader_bytes

/** Writes a reader at word `at`: places in bytes, then cells that lie before those it sees, and how many it sees. */
export function writeReader(
  words: Int32Array,
  at: number,
  query: number,
  state: number,
  from: number,
  count: number,
): void {
  words[at] = query
  words[at + 1] = state
  words[at + 2] = from
  words[at + 3] = count
}

if (READER_BYTES !== 16) throw new Error(`kernels: readers of ${READER_BYTES} bytes, not 16: node kernels-as/build.mjs`)

/** Chunks of rows whose results a KV head has room for: four rows of full length, or many shorter ones. */
export const chunkRoom = (contextLength: number): number => Math.max(128, 4 * chunksOf(0, contextLength))
