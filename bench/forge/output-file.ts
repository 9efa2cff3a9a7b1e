// Writes a GGUF file tensor by tensor, so that a model of any size passes through little memory.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { layOutGguf, type MetadataItem, type TensorItem } from './gguf-writer.ts'

export interface TensorSource extends TensorItem {
  /** The data, in pieces; none leaves zeros (a hole, where the file system has holes). */
  readonly pieces: () => Iterable<Uint8Array>
}

/** Writes the file and returns its size in bytes. */
export function writeGguf(path: string, metadata: readonly MetadataItem[], tensors: readonly TensorSource[]): number {
  const layout = layOutGguf(metadata, tensors)
  const descriptor = openSync(path, 'w')
  try {
    writeAll(descriptor, layout.header, 0)
    tensors.forEach(({ name, pieces }, index) => {
      const { offset, bytes } = layout.tensors[index]!
      let written = 0
      for (const piece of pieces()) {
        writeAll(descriptor, piece, offset + written)
        written += piece.length
      }
      if (written !== 0 && written !== bytes) throw new Error(`${name}: expected ${bytes} bytes, found ${written}`)
    })
    ftruncateSync(descriptor, layout.bytes)
  } finally {
    closeSync(descriptor)
  }
  return layout.bytes
}

function writeAll(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done)
  }
}
