// Opens a model: one GGUF file, or all files of a split set by any one of them.
import { TsinferError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import { openFile } from './file-source.ts'
import { type Header, readHeader } from './header.ts'
import { findInteger, type Metadata } from './metadata.ts'
import type { FileIdentity } from './source.ts'
import { shardPath, splitOf } from './split.ts'
import type { TensorInfo } from './tensor-table.ts'

/** A checked header (of all shards): plain data that can be posted to another thread. */
export interface GgufFile {
  readonly version: number
  /** Of shard 0. */
  readonly metadata: Metadata
  /** By name, of all shards. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** The files, in the order `TensorInfo.shard` counts them. */
  readonly shards: readonly FileIdentity[]
}

/**
 * Reads and checks the header of the model at `path`. No file stays open.
 * @throws TsinferError `file_unreadable` where a file cannot be opened, `gguf_invalid` where it is no sound GGUF
 */
export function openGguf(path: string): GgufFile {
  const opened = readShard(path, 0)
  const split = splitOf(opened.header.metadata, opened.identity.path, opened.name)
  if (split === undefined) return assemble([opened])
  const shards = Array.from({ length: split.count }, (_, no) => {
    const shard = readShard(shardPath(split, no), no)
    const found = splitOf(shard.header.metadata, shard.identity.path, shard.name)
    if (found?.no !== no || found.count !== split.count) {
      const stated = found ? `${found.no + 1} of ${found.count}` : 'a file that is not split'
      throw invalid(shard.name, `expected shard ${no + 1} of ${split.count}, found ${stated}`)
    }
    return shard
  })
  return assemble(shards)
}

interface Shard {
  readonly name: string
  readonly header: Header
  readonly identity: FileIdentity
}

function readShard(path: string, index: number): Shard {
  const source = openFile(path)
  try {
    return { name: source.name, header: readHeader(source, index), identity: source.identity }
  } finally {
    source.close()
  }
}

function assemble(shards: readonly Shard[]): GgufFile {
  const tensors = new Map<string, TensorInfo>()
  for (const { header, name } of shards) {
    for (const tensor of header.tensors) {
      const other = tensors.get(tensor.name)
      if (other !== undefined) {
        throw invalid(name, `expected a new tensor, found ${quoted(tensor.name)} of shard ${other.shard + 1} again`)
      }
      tensors.set(tensor.name, tensor)
    }
  }
  for (const { header, name } of shards) {
    const stated = shards.length > 1 ? findInteger(header.metadata, 'split.tensors.count') : undefined
    if (stated !== undefined && stated !== tensors.size) {
      throw invalid(name, `expected ${stated} tensors in all shards together, found ${tensors.size}`)
    }
  }
  const { version, metadata } = shards[0]!.header
  return { version, metadata, tensors, shards: shards.map(({ identity }) => identity) }
}

function invalid(name: string, message: string): TsinferError {
  return new TsinferError('gguf_invalid', `${name}: ${message}`)
}
