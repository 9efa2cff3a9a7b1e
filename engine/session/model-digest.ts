// What tells one model from another: SHA-256 over the size and the header of each of its files and over samples of every
// tensor. Reading gigabytes of weights would take longer than most prefills; files of up to `WHOLE_BYTES` are read whole.
// A model whose weights differ only between the samples is taken for the same.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { systemReason, TsinferError } from '../errors.ts'
import type { GgufFile } from '../gguf/file.ts'
import type { FileIdentity } from '../gguf/source.ts'
import type { RopeFrequencies } from '../model/config/rope-frequencies.ts'
import { printable } from '../quoted.ts'
import { PIECE_BYTES } from './session-file.ts'

const WHOLE_BYTES = 64 << 20
/** Taken from the beginning, the middle and the end of a tensor. */
const SAMPLE_BYTES = 4096

/** Of what positions are rotated by; a few letters, hexadecimal. */
export function rotationsDigest(ropes: readonly RopeFrequencies[]): string {
  const hash = createHash('sha256')
  for (const { frequencies, magnitude } of ropes) hash.update(frequencies).update(`;${magnitude};`)
  return hash.digest('hex').slice(0, 8)
}

interface Span {
  readonly offset: number
  readonly bytes: number
}

/** Hexadecimal. @throws TsinferError `file_changed`, `file_unreadable` */
export async function modelDigest({ shards, tensors }: GgufFile): Promise<string> {
  const hash = createHash('sha256')
  const all = [...tensors.values()]
  for (const [index, shard] of shards.entries()) {
    const own = all.filter((tensor) => tensor.shard === index)
    hash.update(`${shard.bytes};`)
    const file = await reopen(shard)
    try {
      for (const span of spans(shard, own)) {
        for (let at = 0; at < span.bytes; at += PIECE_BYTES) {
          hash.update(await readSpan(file, span.offset + at, Math.min(PIECE_BYTES, span.bytes - at), shard))
        }
      }
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

function spans({ bytes }: FileIdentity, tensors: readonly Span[]): Span[] {
  if (bytes <= WHOLE_BYTES) return [{ offset: 0, bytes }]
  const header = { offset: 0, bytes: Math.min(bytes, ...tensors.map(({ offset }) => offset)) }
  return [header, ...tensors.flatMap(samples)]
}

function samples({ offset, bytes }: Span): Span[] {
  const last = bytes - SAMPLE_BYTES
  if (last <= 0) return [{ offset, bytes }]
  return [0, Math.floor(last / 2), last].map((at) => ({ offset: offset + at, bytes: SAMPLE_BYTES }))
}

async function reopen({ path, bytes, mtimeMs }: FileIdentity): Promise<FileHandle> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (cause) {
    const why = systemReason(cause)
    throw new TsinferError('file_unreadable', `${printable(path)}: expected the model's file, found ${why}`, { cause })
  }
  const stats = await file.stat()
  if (stats.size === bytes && stats.mtimeMs === mtimeMs) return file
  await file.close()
  throw changed(path)
}

async function readSpan(file: FileHandle, offset: number, count: number, { path }: FileIdentity): Promise<Uint8Array> {
  const bytes = new Uint8Array(count)
  const { bytesRead } = await file.read(bytes, 0, count, offset)
  if (bytesRead !== count) throw changed(path)
  return bytes
}

const changed = (path: string): TsinferError =>
  new TsinferError('file_changed', `${printable(path)}: expected the file that was loaded, found it changed since`)
