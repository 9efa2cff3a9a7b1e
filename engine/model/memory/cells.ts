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

/** What a chunk needs for itself, and four queries. */
export const attentionScratchBytes = (headDim: number): number =>
  SIZES.attention_queries_at + 4 * paddedElements(headDim) * 4
