// Models in several files, as llama.cpp's gguf-split writes them: NAME-00001-of-00003.gguf and so on, each with the keys
// split.no (from 0), split.count and split.tensors.count. Pure.
import { TsinferError } from '../errors.ts'
import { SHARDS_MAX } from '../limits.ts'
import { findInteger, type Metadata } from './metadata.ts'

export interface FileSplit {
  /** The path up to the numbers. */
  readonly prefix: string
  /** From 0. */
  readonly no: number
  readonly count: number
}

/**
 * What part of a split model a file is, undefined where it is a whole one.
 * @throws TsinferError `gguf_invalid` where its keys and its name disagree
 */
export function splitOf(metadata: Metadata, path: string, name: string): FileSplit | undefined {
  const count = findInteger(metadata, 'split.count') ?? 1
  if (count <= 1) return undefined
  if (count > SHARDS_MAX) {
    throw new TsinferError('gguf_invalid', `${name}: expected split.count up to ${SHARDS_MAX}, found ${count}`)
  }
  const no = findInteger(metadata, 'split.no')
  if (no === undefined || no < 0 || no >= count) {
    throw new TsinferError('gguf_invalid', `${name}: expected split.no from 0 to ${count - 1}, found ${no ?? 'none'}`)
  }
  const suffix = shardSuffix(no, count)
  if (!path.endsWith(suffix)) {
    const reason = `split.no is ${no} and split.count is ${count}`
    throw new TsinferError('gguf_invalid', `${name}: expected a file name that ends with ${suffix} (${reason})`)
  }
  return { prefix: path.slice(0, -suffix.length), no, count }
}

/** The path of shard `no`, from 0. */
export function shardPath(split: FileSplit, no: number): string {
  return split.prefix + shardSuffix(no, split.count)
}

function shardSuffix(no: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, '0')
  return `-${digits(no + 1)}-of-${digits(count)}.gguf`
}
