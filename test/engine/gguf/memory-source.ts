// A GGUF file in memory, for tests that judge thousands of variants.
import { type GgufLayout, layOutGguf, type MetadataItem, type TensorItem } from '../../../bench/forge/gguf-writer.ts'
import { TsinferError } from '../../../engine/errors.ts'
import type { ByteSource } from '../../../engine/gguf/source.ts'

export function memorySource(content: Uint8Array): ByteSource {
  return {
    name: 'memory',
    bytes: content.length,
    readInto(target, offset) {
      if (offset + target.length > content.length) throw new TsinferError('file_changed', 'read beyond the end')
      target.set(content.subarray(offset, offset + target.length))
    },
  }
}

/** A whole file whose tensors hold zeros. */
export function ggufBytes(
  metadata: readonly MetadataItem[],
  tensors: readonly TensorItem[] = [],
  options: Parameters<typeof layOutGguf>[2] = {},
): Uint8Array {
  const layout: GgufLayout = layOutGguf(metadata, tensors, options)
  const file = new Uint8Array(layout.bytes)
  file.set(layout.header)
  return file
}
