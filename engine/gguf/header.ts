// Reads the header of one GGUF file: versions 1 to 3, little-endian. The format:
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
import { ALIGNMENT_MAX, METADATA_KEYS_MAX, TENSORS_MAX } from '../limits.ts'
import { quoted } from '../quoted.ts'
import { HeaderCursor } from './cursor.ts'
import type { Metadata } from './metadata.ts'
import { readMetadata } from './metadata-reader.ts'
import type { ByteSource } from './source.ts'
import { alignUp, type RelativeTensor, readTensorTable, type TensorInfo } from './tensor-table.ts'

export type { TensorInfo } from './tensor-table.ts'

const GGUF_MAGIC = 0x46554747
const DEFAULT_ALIGNMENT = 32
/** Name length, dimension count, type and offset of the smallest entry; key length, type and value likewise. */
const TENSOR_ENTRY_BYTES_MIN = { narrow: 20, wide: 24 }
const KEY_ENTRY_BYTES_MIN = { narrow: 9, wide: 13 }

export interface Header {
  readonly version: number
  readonly metadata: Metadata
  /** In file order. */
  readonly tensors: readonly TensorInfo[]
}

/**
 * Reads and checks everything before the tensor data, and that the data is all there.
 * @param shard index recorded in every tensor
 * @throws TsinferError `gguf_invalid`, saying what was expected and what was found
 */
export function readHeader(source: ByteSource, shard: number): Header {
  const cursor = new HeaderCursor(source)
  const version = readVersion(cursor)
  cursor.wide = version > 1
  const width = cursor.wide ? 'wide' : 'narrow'
  const tensorCount = cursor.size('tensor count', TENSORS_MAX)
  const keyCount = cursor.size('metadata key count', METADATA_KEYS_MAX)
  // Read as 32-bit numbers, the 64-bit counts of a later layout show no keys.
  if (version === 1 && keyCount === 0) cursor.fail('expected a version 1 header with keys, found none: a later layout?')
  if (tensorCount * TENSOR_ENTRY_BYTES_MIN[width] + keyCount * KEY_ENTRY_BYTES_MIN[width] > cursor.remaining) {
    const found = `${keyCount} keys and ${tensorCount} tensors in ${cursor.remaining} bytes`
    cursor.fail(`expected the counted keys and tensors to fit the file, found ${found}`)
  }
  const metadata = readMetadata(cursor, keyCount)
  const alignment = alignmentOf(cursor, metadata)
  const tensors = readTensorTable(cursor, tensorCount, alignment, shard)
  const dataOffset = alignUp(cursor.offset, alignment)
  return { version, metadata, tensors: locate(cursor, source, tensors, dataOffset) }
}

function readVersion(cursor: HeaderCursor): number {
  const magic = cursor.u32('magic')
  if (magic !== GGUF_MAGIC) {
    const found = String.fromCharCode(magic & 255, (magic >> 8) & 255, (magic >> 16) & 255, magic >>> 24)
    cursor.fail(`expected a GGUF file, found one that begins with ${quoted(found)}`)
  }
  const version = cursor.u32('version')
  if (version >= 1 && version <= 3) return version
  const swapped = (version & 0xffffff) === 0 && version !== 0
  return cursor.fail(
    swapped
      ? `expected a little-endian file, found a big-endian one (version ${version >>> 24})`
      : `expected GGUF version 1, 2 or 3, found ${version}`,
  )
}

function alignmentOf(cursor: HeaderCursor, metadata: Metadata): number {
  const entry = metadata.get('general.alignment')
  if (entry === undefined) return DEFAULT_ALIGNMENT
  if (entry.kind !== 'scalar' || entry.type !== 'u32') {
    cursor.fail(`general.alignment: expected type u32, found ${entry.kind === 'array' ? 'an array' : entry.type}`)
  }
  const alignment = entry.value as number
  const isPowerOfTwo = alignment > 0 && (alignment & (alignment - 1)) === 0
  if (isPowerOfTwo && alignment <= ALIGNMENT_MAX) return alignment
  return cursor.fail(`general.alignment: expected a power of two up to ${ALIGNMENT_MAX}, found ${alignment}`)
}

/** Adds the start of the data section. The padding after the last tensor may be missing: some writers leave it out. */
function locate(cursor: HeaderCursor, source: ByteSource, tensors: RelativeTensor[], dataOffset: number): TensorInfo[] {
  const last = tensors.at(-1)
  const end = last === undefined ? 0 : dataOffset + last.offset + last.bytes
  const hasData = tensors.some(({ bytes }) => bytes > 0)
  if (hasData && end > source.bytes) {
    cursor.fail(
      `expected ${end} bytes for the header and ${tensors.length} tensors, found ${source.bytes}: file cut short`,
    )
  }
  for (const tensor of tensors) tensor.offset += dataOffset
  return tensors
}
