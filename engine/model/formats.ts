// What the kernels make of each weight type: which of them belong to it, what its repacked form occupies and which
// form of activations it is multiplied with. Pure.
import { type GenericType, isGeneric, type KernelType, rowBytes } from '../gguf/ggml-types.ts'
import { BLOCK_ELEMENTS, GROUP_ROWS } from '../limits.ts'
import type { DequantizeKernel, EmbedRowKernel, Kernels, MatmulKernel, RepackKernel } from './kernels.ts'
import type { CodebookName } from './memory/codebooks.ts'

/** `f32` as they are, or `q8`: 8-bit codes with a scale per 32, see kernels-as/quantize-q8.ts. */
export type ActivationFormat = 'f32' | 'q8'

/** The kernels of one weight type. */
export interface MatrixKernels {
  readonly repack: RepackKernel
  readonly matmul: MatmulKernel
  readonly embedRow: EmbedRowKernel
  /** Bytes of one group of eight rows of `k` elements. */
  readonly packedGroupBytes: (k: number) => number
}

interface WeightFormat {
  readonly activation: ActivationFormat
  /** Elements of a block: a row holds whole blocks. */
  readonly blockElements: number
  /** Bytes of a block of eight repacked rows. */
  readonly groupBlockBytes: number
  /** Whether groups begin with a head of row factors, see kernels-as/inline/row-factors.ts. */
  readonly hasRowFactors?: true
  readonly repack: keyof Kernels
  readonly matmul: keyof Kernels
  readonly embedRow: keyof Kernels
}

const FORMATS: Readonly<Record<KernelType, WeightFormat>> = {
  F32: {
    activation: 'f32',
    blockElements: 1,
    groupBlockBytes: 32,
    repack: 'repack_f32',
    matmul: 'matmul_f32',
    embedRow: 'embed_row_f32',
  },
  F16: {
    activation: 'f32',
    blockElements: 1,
    groupBlockBytes: 16,
    hasRowFactors: true,
    repack: 'repack_f16',
    matmul: 'matmul_f16',
    embedRow: 'embed_row_f16',
  },
  BF16: {
    activation: 'f32',
    blockElements: 1,
    groupBlockBytes: 16,
    repack: 'repack_bf16',
    matmul: 'matmul_bf16',
    embedRow: 'embed_row_bf16',
  },
  Q8_0: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 272,
    hasRowFactors: true,
    repack: 'repack_q8_0',
    matmul: 'matmul_q8_0',
    embedRow: 'embed_row_q8_0',
  },
  Q4_0: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 144,
    hasRowFactors: true,
    repack: 'repack_q4_0',
    matmul: 'matmul_q4_0',
    embedRow: 'embed_row_q4_0',
  },
  Q4_K: {
    activation: 'q8',
    blockElements: 256,
    groupBlockBytes: 1184,
    repack: 'repack_q4_k',
    matmul: 'matmul_q4_k',
    embedRow: 'embed_row_q4_k',
  },
  Q6_K: {
    activation: 'q8',
    blockElements: 256,
    groupBlockBytes: 1680,
    repack: 'repack_q6_k',
    matmul: 'matmul_q6_k',
    embedRow: 'embed_row_q6_k',
  },
  Q4_1: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 160,
    hasRowFactors: true,
    repack: 'repack_q4_1',
    matmul: 'matmul_q4_1',
    embedRow: 'embed_row_q4_1',
  },
  Q5_0: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 176,
    hasRowFactors: true,
    repack: 'repack_q5_0',
    matmul: 'matmul_q5_0',
    embedRow: 'embed_row_q5_0',
  },
  Q5_1: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 192,
    hasRowFactors: true,
    repack: 'repack_q5_1',
    matmul: 'matmul_q5_1',
    embedRow: 'embed_row_q5_1',
  },
  Q2_K: {
    activation: 'q8',
    blockElements: 256,
    groupBlockBytes: 672,
    repack: 'repack_q2_k',
    matmul: 'matmul_q2_k',
    embedRow: 'embed_row_q2_k',
  },
  Q3_K: {
    activation: 'q8',
    blockElements: 256,
    groupBlockBytes: 880,
    repack: 'repack_q3_k',
    matmul: 'matmul_q3_k',
    embedRow: 'embed_row_q3_k',
  },
  Q5_K: {
    activation: 'q8',
    blockElements: 256,
    groupBlockBytes: 1440,
    repack: 'repack_q5_k',
    matmul: 'matmul_q5_k',
    embedRow: 'embed_row_q5_k',
  },
  IQ4_NL: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 144,
    hasRowFactors: true,
    repack: 'repack_iq4_nl',
    matmul: 'matmul_iq4_nl',
    embedRow: 'embed_row_iq4_nl',
  },
  IQ4_XS: {
    activation: 'q8',
    blockElements: 256,
    groupBlockBytes: 1104,
    repack: 'repack_iq4_xs',
    matmul: 'matmul_iq4_xs',
    embedRow: 'embed_row_iq4_xs',
  },
  MXFP4: {
    activation: 'q8',
    blockElements: 32,
    groupBlockBytes: 136,
    repack: 'repack_mxfp4',
    matmul: 'matmul_mxfp4',
    embedRow: 'embed_row_mxfp4',
  },
}

/** How a type without products of its own becomes floats. */
interface GenericFormat {
  readonly dequantize: keyof Kernels
  readonly codebook: CodebookName | undefined
}

const GENERIC_FORMATS: Readonly<Record<GenericType, GenericFormat>> = {
  IQ2_XXS: { dequantize: 'dequantize_iq2_xxs', codebook: 'IQ2_XXS' },
  IQ2_XS: { dequantize: 'dequantize_iq2_xs', codebook: 'IQ2_XS' },
  IQ3_XXS: { dequantize: 'dequantize_iq3_xxs', codebook: 'IQ3_XXS' },
  IQ1_S: { dequantize: 'dequantize_iq1_s', codebook: 'IQ1_S' },
  IQ3_S: { dequantize: 'dequantize_iq3_s', codebook: 'IQ3_S' },
  IQ2_S: { dequantize: 'dequantize_iq2_s', codebook: 'IQ2_S' },
  IQ1_M: { dequantize: 'dequantize_iq1_m', codebook: 'IQ1_S' },
  TQ1_0: { dequantize: 'dequantize_tq1_0', codebook: undefined },
  TQ2_0: { dequantize: 'dequantize_tq2_0', codebook: undefined },
  Q1_0: { dequantize: 'dequantize_q1_0', codebook: undefined },
  Q2_0: { dequantize: 'dequantize_q2_0', codebook: undefined },
  NVFP4: { dequantize: 'dequantize_nvfp4', codebook: undefined },
}

/** What a weight type is multiplied with. */
export const activationFormat = (type: string): ActivationFormat => (isGeneric(type) ? 'f32' : format(type).activation)

/** Bytes of a row of `k` activations. */
export const activationBytes = (activation: ActivationFormat, k: number): number =>
  activation === 'f32' ? k * 4 : (k / BLOCK_ELEMENTS) * Q8_BLOCK_BYTES

/** Bytes of one group of eight rows as they are kept: repacked, or for generic types as in the file. */
export function packedGroupBytes(type: string, k: number): number {
  if (isGeneric(type)) return rowBytes(type, k) * GROUP_ROWS
  const { blockElements, groupBlockBytes, hasRowFactors } = format(type)
  return (hasRowFactors ? headBytes(k) : 0) + (k / blockElements) * groupBlockBytes
}

/** Eight bytes, and eight unused where that costs little and keeps vectors aligned. */
const headBytes = (k: number): number => (k < 128 ? 8 : 16)

/** Bytes of a matrix as it is kept, of `rows` by `k`. */
export const packedBytes = (type: string, rows: number, k: number): number =>
  Math.ceil(rows / GROUP_ROWS) * packedGroupBytes(type, k)

/** The kernels of a type. */
export function matrixKernels(kernels: Kernels, type: string): MatrixKernels {
  const { repack, matmul, embedRow } = format(type)
  return {
    repack: kernels[repack] as RepackKernel,
    matmul: kernels[matmul] as MatmulKernel,
    embedRow: kernels[embedRow] as EmbedRowKernel,
    packedGroupBytes: (k) => packedGroupBytes(type, k),
  }
}

/** The kernel of a generic type, undefined for any other type. */
export function dequantizeKernel(kernels: Kernels, type: string): DequantizeKernel | undefined {
  return isGeneric(type) ? (kernels[GENERIC_FORMATS[type].dequantize] as DequantizeKernel) : undefined
}

/** The codebook of a type's weights. */
export const codebookOf = (type: string): CodebookName | undefined =>
  isGeneric(type) ? GENERIC_FORMATS[type].codebook : undefined

/** Bytes of one group of eight rows of floats: where generic weights are dequantized to. */
export const tileBytes = (k: number): number => GROUP_ROWS * 4 * k

/** Groups that a product takes side by side, see kernels-as/inline/matmul-blocks.ts. */
export const SPAN_GROUPS = 8

/** Bytes of the scratch of a product. */
export const MATMUL_SCRATCH_BYTES = SPAN_GROUPS * 224

/** Bytes of 32 activations in the `q8` form, both halves; see kernels-as/inline/q8.ts. */
const Q8_BLOCK_BYTES = 128

/** Bytes of the first halves of `columns` activations, a multiple of 32: there the block of that column begins. */
export const q8HalfBytes = (columns: number): number => activationBytes('q8', columns) / 2

function format(type: string): WeightFormat {
  const found = Object.hasOwn(FORMATS, type) ? FORMATS[type as KernelType] : undefined
  if (!found) throw new Error(`tsinfer bug: no kernels for ${type}`)
  return found
}
