// A model file with other metadata: everything as in the original but for the keys that are given.
import { closeSync, openSync, readSync } from 'node:fs'
import { readNumbers, readStrings } from '../../engine/gguf/arrays.ts'
import { type GgufFile, openGguf } from '../../engine/gguf/file.ts'
import type { GgufEntry } from '../../engine/gguf/metadata.ts'
import type { MetadataItem } from './gguf-writer.ts'
import { type TensorSource, writeGguf } from './output-file.ts'

/** Writes the model at `modelPath`, one file, with `items` added or in place of keys of the same name. */
export function rewriteModel(path: string, modelPath: string, items: readonly MetadataItem[]): number {
  const file = openGguf(modelPath)
  const replaced = new Set(items.map(({ key }) => key))
  const kept = [...file.metadata].filter(([key]) => !replaced.has(key)).map(([key, entry]) => itemOf(file, key, entry))
  const tensors: TensorSource[] = [...file.tensors.values()].map(({ name, type, dims, offset, bytes }) => ({
    name,
    type,
    dims,
    pieces: () => [readRange(modelPath, offset, bytes)],
  }))
  return writeGguf(path, [...kept, ...items], tensors)
}

function itemOf(file: GgufFile, key: string, entry: GgufEntry): MetadataItem {
  const { type } = entry
  if (entry.kind === 'scalar') return { key, type, value: entry.value }
  return { key, type, value: type === 'string' ? readStrings(file, key)! : Array.from(readNumbers(file, key)!) }
}

function readRange(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const descriptor = openSync(path, 'r')
  try {
    for (let done = 0; done < length; ) done += readSync(descriptor, bytes, done, length - done, offset + done)
  } finally {
    closeSync(descriptor)
  }
  return bytes
}
