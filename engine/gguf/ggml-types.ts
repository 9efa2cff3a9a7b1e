// Pure table of the tensor types a GGUF file can name: ids, block shapes, and which of them we can compute with.
// Source: enum ggml_type and the block structs of ggml-common.h in ggml-org/ggml.

/** Block of one tensor type: `blockElements` consecutive elements of a row are stored in `blockBytes`. */
export interface GgmlType {
  readonly id: number
  readonly name: GgmlTypeName
  readonly blockElements: number
  readonly blockBytes: number
  /** Undefined for types that we do not compute with. */
  readonly product: ProductKind | undefined
}

/**
 * How a product with weights of a type is made: with activations in the `q8` form or as `f32`, by kernels of its own, or
 * `dequantized` before and multiplied as F32.
 */
export type ProductKind = 'q8' | 'f32' | 'dequantized'

/** The last column: what kernels-as/types/ has kernels for. */
const TYPES = [
  [0, 'F32', 1, 4, 'f32'],
  [1, 'F16', 1, 2, 'f32'],
  [30, 'BF16', 1, 2, 'f32'],
  [8, 'Q8_0', 32, 34, 'q8'],
  [2, 'Q4_0', 32, 18, 'q8'],
  [3, 'Q4_1', 32, 20, 'q8'],
  [6, 'Q5_0', 32, 22, 'q8'],
  [7, 'Q5_1', 32, 24, 'q8'],
  [10, 'Q2_K', 256, 84, 'q8'],
  [11, 'Q3_K', 256, 110, 'q8'],
  [12, 'Q4_K', 256, 144, 'q8'],
  [13, 'Q5_K', 256, 176, 'q8'],
  [14, 'Q6_K', 256, 210, 'q8'],
  [20, 'IQ4_NL', 32, 18, 'q8'],
  [23, 'IQ4_XS', 256, 136, 'q8'],
  [39, 'MXFP4', 32, 17, 'q8'],
  [16, 'IQ2_XXS', 256, 66, 'dequantized'],
  [17, 'IQ2_XS', 256, 74, 'dequantized'],
  [18, 'IQ3_XXS', 256, 98, 'dequantized'],
  [19, 'IQ1_S', 256, 50, 'dequantized'],
  [21, 'IQ3_S', 256, 110, 'dequantized'],
  [22, 'IQ2_S', 256, 82, 'dequantized'],
  [29, 'IQ1_M', 256, 56, 'dequantized'],
  [34, 'TQ1_0', 256, 54, 'dequantized'],
  [35, 'TQ2_0', 256, 66, 'dequantized'],
  [41, 'Q1_0', 128, 18, 'dequantized'],
  [42, 'Q2_0', 64, 18, 'dequantized'],
  [40, 'NVFP4', 64, 36, 'dequantized'],
  [9, 'Q8_1', 32, 36, undefined],
  [15, 'Q8_K', 256, 292, undefined],
  [24, 'I8', 1, 1, undefined],
  [25, 'I16', 1, 2, undefined],
  [26, 'I32', 1, 4, undefined],
  [27, 'I64', 1, 8, undefined],
  [28, 'F64', 1, 8, undefined],
] as const

type TypeRow = (typeof TYPES)[number]
type NameOf<Kind> = Extract<TypeRow, readonly [number, string, number, number, Kind]>[1]

export type GgmlTypeName = TypeRow[1]
/** Types with products of their own. */
export type KernelType = NameOf<'q8' | 'f32'>
export type FloatType = NameOf<'f32'>
/** Types that are dequantized before every product. */
export type GenericType = NameOf<'dequantized'>
/** Types of weight matrices. */
export type ComputableType = NameOf<ProductKind>

const namesOf = <Kind extends ProductKind>(...kinds: readonly Kind[]): readonly NameOf<Kind>[] =>
  TYPES.filter((row) => kinds.some((kind) => kind === row[4])).map((row) => row[1] as NameOf<Kind>)

export const KERNEL_TYPES = namesOf('q8', 'f32')
export const GENERIC_TYPES = namesOf('dequantized')
export const COMPUTABLE_TYPES = [...KERNEL_TYPES, ...GENERIC_TYPES]

const byId = new Map<number, GgmlType>()
const byName = new Map<GgmlTypeName, GgmlType>()
for (const [id, name, blockElements, blockBytes, product] of TYPES) {
  const type: GgmlType = { id, name, blockElements, blockBytes, product }
  byId.set(id, type)
  byName.set(name, type)
}

/** Types that ggml took back, by id, and what the same weights are quantized to instead. */
const WITHDRAWN = new Map<number, readonly [name: string, instead: GgmlTypeName]>([
  [4, ['Q4_2', 'Q4_0']],
  [5, ['Q4_3', 'Q4_1']],
  [31, ['Q4_0_4_4', 'Q4_0']],
  [32, ['Q4_0_4_8', 'Q4_0']],
  [33, ['Q4_0_8_8', 'Q4_0']],
  [36, ['IQ4_NL_4_4', 'IQ4_NL']],
  [37, ['IQ4_NL_4_8', 'IQ4_NL']],
  [38, ['IQ4_NL_8_8', 'IQ4_NL']],
])

/** What a file without a type of this id has instead, in words: the type's name and what helps, where it was withdrawn. */
export function describeUnknownType(id: number): string {
  const [name, instead] = WITHDRAWN.get(id) ?? []
  if (name === undefined) return `type ${id}: written for a newer ggml, or another one?`
  return `type ${id}, ${name}, which ggml has withdrawn: quantize the model again, to ${instead}`
}

const INTEGERS: readonly GgmlTypeName[] = ['I8', 'I16', 'I32', 'I64']
const OF_ACTIVATIONS: readonly GgmlTypeName[] = ['Q8_1', 'Q8_K']

/** What helps where weights have a type that they cannot have, in words. llama.cpp does not run them either. */
export function adviceFor(type: GgmlTypeName): string {
  if (INTEGERS.includes(type)) {
    return 'integers without a scale: convert the original model again, to F16 or F32 (llama.cpp: convert_hf_to_gguf.py)'
  }
  if (type === 'F64')
    return 'convert the original model again, to F32 or F16 (llama.cpp: convert_hf_to_gguf.py --outtype f32)'
  if (OF_ACTIVATIONS.includes(type)) return 'a type of activations: quantize the model again, to Q8_0'
  return 'convert the original model again (llama.cpp: convert_hf_to_gguf.py), which writes norms and biases as F32'
}

/** The type with this id in a file, undefined where the id is unknown or was withdrawn. */
export function ggmlTypeOfId(id: number): GgmlType | undefined {
  return byId.get(id)
}

export function ggmlType(name: GgmlTypeName): GgmlType {
  return byName.get(name)!
}

export function isComputable(name: GgmlTypeName): name is ComputableType {
  return (COMPUTABLE_TYPES as readonly string[]).includes(name)
}

export function isGeneric(name: string): name is GenericType {
  return (GENERIC_TYPES as readonly string[]).includes(name)
}

export function isFloat(name: KernelType): name is FloatType {
  return ggmlType(name).product === 'f32'
}

/** Bytes of one row of `elements`, a multiple of the type's block. */
export function rowBytes(name: GgmlTypeName, elements: number): number {
  const type = ggmlType(name)
  return (elements / type.blockElements) * type.blockBytes
}
