// What the kernels make of each weight type: which of them belong to it, what its repacked form occupies and which
// form of activations it is multiplied with. Sizes are those that the kernels export. Pure.
import { SIZES } from '../../kernels-as/sizes.js'
import { ggmlType, isFloat, isGeneric, KERNEL_TYPES, type KernelType, rowBytes } from '../gguf/ggml-types.ts'
import { BLOCK_ELEMENTS, GROUP_ROWS } from '../limits.ts'
import type { DequantizeKernel, EmbedRowKernel, Kernels, MatmulKernel, RepackKernel } from './kernels.ts'

/** `f32` as they are, or `q8`: 8-bit codes with a scale per 32, see kernels-as/ops/quantize-q8.ts. */
export type ActivationFormat = 'f32' | 'q8'

/** The kernels of one weight type. */
export interface MatrixKernels {
  readonly repack: RepackKernel
  readonly matmul: MatmulKernel
  readonly embedRow: EmbedRowKernel
  /** Bytes of one group of eight rows of `k` elements. */
  readonly packedGroupBytes: (k: number) => number
}

/** What a weight type is multiplied with. */
export const activationFormat = (type: string): ActivationFormat =>
  isGeneric(type) || isFloat(kernelType(type)) ? 'f32' : 'q8'

/** Bytes of a row of `k` activations. */
export const activationBytes = (activation: ActivationFormat, k: number): number =>
  activation === 'f32' ? k * 4 : (k / BLOCK_ELEMENTS) * Q8_BLOCK_BYTES

/** Bytes of one group of eight rows as they are kept: repacked, or for generic types as in the file. */
export function packedGroupBytes(type: string, k: number): number {
  if (isGeneric(type)) return rowBytes(type, k) * GROUP_ROWS
  const known = kernelType(type)
  const head = SIZES[`row_factors_${suffix(known)}`] ? headBytes(k) : 0
  return head + (k / ggmlType(known).blockElements) * blockBytes(known)
}

/** Bytes of a block of eight repacked rows. */
const blockBytes = (type: KernelType): number =>
  isFloat(type) ? SIZES[`column_bytes_${suffix(type)}`] : SIZES[`packed_bytes_${suffix(type)}`]

/** Bytes of the factors of a group's rows, and what keeps vectors aligned where that costs little. */
const headBytes = (k: number): number => (k < SIZES.short_row_elements ? GROUP_ROWS : SIZES.head_bytes)

/** Bytes of a matrix as it is kept, of `rows` by `k`. */
export const packedBytes = (type: string, rows: number, k: number): number =>
  Math.ceil(rows / GROUP_ROWS) * packedGroupBytes(type, k)

/** The kernels of a type. */
export function matrixKernels(kernels: Kernels, type: string): MatrixKernels {
  const name = suffix(kernelType(type))
  return {
    repack: kernels[`repack_${name}`],
    matmul: kernels[`matmul_${name}`],
    embedRow: kernels[`embed_row_${name}`],
    packedGroupBytes: (k) => packedGroupBytes(type, k),
  }
}

/** The kernel of a generic type, undefined for any other type. */
export function dequantizeKernel(kernels: Kernels, type: string): DequantizeKernel | undefined {
  return isGeneric(type) ? kernels[`dequantize_${suffix(type)}`] : undefined
}

/** Bytes of one group of eight rows of floats: where generic weights are dequantized to. */
export const tileBytes = (k: number): number => GROUP_ROWS * 4 * k

/** Groups that a product takes side by side. */
export const SPAN_GROUPS = SIZES.span_groups

/** Bytes of the scratch of a product. */
export const MATMUL_SCRATCH_BYTES = SPAN_GROUPS * SIZES.group_state_bytes

/** Bytes of 32 activations in the `q8` form, both halves; see kernels-as/inline/q8.ts. */
const Q8_BLOCK_BYTES = 2 * SIZES.q8_half_bytes

/** Bytes of the first halves of `columns` activations, a multiple of 32: there the block of that column begins. */
export const q8HalfBytes = (columns: number): number => activationBytes('q8', columns) / 2

/** How the names of a type's kernels and sizes end. */
const suffix = <Type extends string>(type: Type) => type.toLowerCase() as Lowercase<Type>

function kernelType(type: string): KernelType {
  const found = KERNEL_TYPES.find((name) => name === type)
  if (found === undefined || !(`file_bytes_${suffix(found)}` in SIZES))
    throw new Error(`tsinfer bug: no kernels for ${type}`)
  return found
}
