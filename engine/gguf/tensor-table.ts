// Reads the tensor table of a header and turns it into byte ranges. Products are bounded before they are formed.
import { TENSOR_DIMENSIONS_MAX, TENSOR_NAME_BYTES_MAX } from '../limits.ts'
import { quoted } from '../quoted.ts'
import type { HeaderCursor } from './cursor.ts'
import { describeUnknownType, type GgmlType, type GgmlTypeName, ggmlTypeOfId } from './ggml-types.ts'

export interface TensorInfo {
  readonly name: string
  readonly type: GgmlTypeName
  /** Elements per dimension in ggml's order: the first is the one that is contiguous. Empty for a single element. */
  readonly dims: readonly number[]
  /** Index of the file that holds it. */
  readonly shard: number
  /** From the start of that file. */
  readonly offset: number
  readonly bytes: number
}

/** A tensor whose offset is still relative to the data section. */
export type RelativeTensor = { -readonly [Field in keyof TensorInfo]: TensorInfo[Field] }

/**
 * Reads `count` entries. ggml wants the data back to back in table order, each tensor padded to the alignment; so do we,
 * which rules out gaps and overlaps at once.
 */
export function readTensorTable(
  cursor: HeaderCursor,
  count: number,
  alignment: number,
  shard: number,
): RelativeTensor[] {
  const names = new Set<string>()
  const tensors: RelativeTensor[] = []
  let expectedOffset = 0
  for (let i = 0; i < count; i++) {
    const name = cursor.string(`name of tensor ${i} of ${count}`, TENSOR_NAME_BYTES_MAX)
    const what = `tensor ${quoted(name)}`
    if (names.has(name)) cursor.fail(`${what}: expected a new name, found it twice`)
    names.add(name)
    const dims = readDims(cursor, what)
    const type = readType(cursor, what)
    const bytes = tensorBytes(cursor, type, dims, what)
    const offset = cursor.u64(`offset of ${what}`)
    if (offset !== BigInt(expectedOffset)) cursor.fail(`${what}: expected offset ${expectedOffset}, found ${offset}`)
    tensors.push({ name, type: type.name, dims, shard, offset: expectedOffset, bytes })
    expectedOffset = alignUp(expectedOffset + bytes, alignment)
    if (expectedOffset > Number.MAX_SAFE_INTEGER) cursor.fail(`${what}: expected an end below 2^53 bytes`)
  }
  return tensors
}

/** The next multiple of `alignment`; exact below 2^53. */
export function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment
}

function readDims(cursor: HeaderCursor, what: string): number[] {
  const count = cursor.u32(`dimension count of ${what}`)
  if (count > TENSOR_DIMENSIONS_MAX) {
    cursor.fail(`${what}: expected at most ${TENSOR_DIMENSIONS_MAX} dimensions, found ${count}`)
  }
  return Array.from({ length: count }, (_, i) => cursor.size(`dimension ${i} of ${what}`, Number.MAX_SAFE_INTEGER))
}

function readType(cursor: HeaderCursor, what: string): GgmlType {
  const id = cursor.u32(`type of ${what}`)
  const type = ggmlTypeOfId(id)
  if (type === undefined) cursor.fail(`${what}: expected a known tensor type, found ${describeUnknownType(id)}`)
  return type
}

function tensorBytes(cursor: HeaderCursor, type: GgmlType, dims: readonly number[], what: string): number {
  const rowElements = dims[0] ?? 1
  if (rowElements % type.blockElements !== 0) {
    const expected = `rows of a multiple of ${type.blockElements} elements for ${type.name}`
    cursor.fail(`${what}: expected ${expected}, found ${rowElements}`)
  }
  // A zero must not hide the overflow of the other dimensions.
  let product = Math.max(1, rowElements / type.blockElements) * type.blockBytes
  for (const dim of dims.slice(1)) {
    if (dim > Number.MAX_SAFE_INTEGER / product) product = Number.POSITIVE_INFINITY
    else product *= Math.max(1, dim)
  }
  if (product > Number.MAX_SAFE_INTEGER) {
    cursor.fail(`${what}: expected less than 2^53 bytes, found ${dims.join(' x ')} of ${type.name}`)
  }
  return dims.includes(0) ? 0 : product
}
