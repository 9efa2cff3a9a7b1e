// Decodes metadata arrays, which opening a file leaves unread: the token texts, scores and merges of a vocabulary whole,
// of any other the first elements.
import { TsinferError } from '../errors.ts'
import type { GgufFile } from './file.ts'
import { type FileSource, reopenFile } from './file-source.ts'
import { type ArrayEntry, findArray, type ScalarValue } from './metadata.ts'
import { NUMBER_FORMATS } from './metadata-reader.ts'

/** Raw strings, close together: string i is `bytes.subarray(offsets[i], offsets[i + 1])`. */
interface StringTable {
  readonly bytes: Uint8Array
  /** One more than there are strings. */
  readonly offsets: Uint32Array
}

/**
 * The strings of the array `key` as raw bytes.
 * @returns undefined where the key is absent
 * @throws TsinferError `model_invalid` where it is no array of strings, `file_changed` where the file is not what it was
 */
export function readStringTable(file: GgufFile, key: string): StringTable | undefined {
  const entry = findArray(file.metadata, key)
  if (entry === undefined) return undefined
  if (entry.type !== 'string') throw wrongElements(key, 'strings', entry)
  return packStrings(readPayload(file, entry), entry.count, prefixBytesOf(file))
}

/** The strings of the array `key` as text; bytes that are not UTF-8 become U+FFFD. Otherwise as `readStringTable`. */
export function readStrings(file: GgufFile, key: string): string[] | undefined {
  const table = readStringTable(file, key)
  if (table === undefined) return undefined
  const { bytes, offsets } = table
  // Twice as fast as a TextDecoder for short strings, and a vocabulary has hundreds of thousands.
  const buffer = Buffer.from(bytes.buffer)
  return Array.from({ length: offsets.length - 1 }, (_, i) => buffer.toString('utf8', offsets[i], offsets[i + 1]))
}

export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

/** Typed arrays of the types whose numbers lie in memory as in the file: like WebAssembly, we run on little-endian machines. */
const SAME_FORM = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const

/** The numbers of the array `key`; booleans are 0 and 1. Otherwise as `readStringTable`. */
export function readNumbers(file: GgufFile, key: string): Numbers | undefined {
  const entry = findArray(file.metadata, key)
  if (entry === undefined) return undefined
  const { type } = entry
  if (type === 'string') throw wrongElements(key, 'numbers', entry)
  const payload = readPayload(file, entry)
  if (type === 'bool') return payload.map((byte) => (byte === 0 ? 0 : 1))
  if (type !== 'u64' && type !== 'i64') return new SAME_FORM[type](payload.buffer)
  const { bytes, read } = NUMBER_FORMATS[type]
  const view = new DataView(payload.buffer)
  // The numbers take the place of the integers, each after it has been read.
  const numbers = new Float64Array(payload.buffer)
  for (let i = 0; i < entry.count; i++) {
    const value = read(view, i * bytes)
    if (typeof value === 'bigint') {
      throw new TsinferError('model_invalid', `metadata ${key}: expected integers below 2^53, found ${value}`)
    }
    numbers[i] = value
  }
  return numbers
}

/** The first elements of an array, at most `count` of them; nothing behind them is read. Throws `file_changed`. */
export function readFirst(file: GgufFile, entry: ArrayEntry, count: number): readonly ScalarValue[] {
  const wanted = Math.min(count, entry.count)
  if (entry.items !== undefined) return entry.items.slice(0, wanted)
  const source = reopenFile(file.shards[0]!)
  try {
    return entry.type === 'string'
      ? firstStrings(source, entry, wanted, prefixBytesOf(file))
      : firstNumbers(source, entry, wanted)
  } finally {
    source.close()
  }
}

function firstStrings(source: FileSource, entry: ArrayEntry, count: number, prefixBytes: number): string[] {
  const strings: string[] = []
  const end = entry.offset + entry.bytes
  for (let at = entry.offset; strings.length < count; ) {
    const prefix = Buffer.alloc(prefixBytes)
    if (at + prefixBytes <= end) source.readInto(prefix, at)
    const begin = at + prefixBytes
    at = begin + prefix.readUInt32LE(0)
    if (at > end) throw changed()
    const text = Buffer.alloc(at - begin)
    source.readInto(text, begin)
    strings.push(text.toString('utf8'))
  }
  return strings
}

function firstNumbers(source: FileSource, entry: ArrayEntry, count: number): ScalarValue[] {
  if (entry.type === 'string') return []
  const { bytes, read } = NUMBER_FORMATS[entry.type]
  const view = new DataView(new ArrayBuffer(count * bytes))
  source.readInto(new Uint8Array(view.buffer), entry.offset)
  const values = Array.from({ length: count }, (_, i) => read(view, i * bytes))
  return entry.type === 'bool' ? values.map((value) => value !== 0) : values
}

/**
 * Moves the strings together, over their length prefixes. The header reader checked those, but the file may have
 * changed. In place: a header may hold 256 MB of them.
 */
function packStrings(bytes: Uint8Array<ArrayBuffer>, count: number, prefixBytes: number): StringTable {
  const view = new DataView(bytes.buffer)
  const offsets = new Uint32Array(count + 1)
  let at = 0
  let to = 0
  for (let i = 0; i < count; i++) {
    const begin = at + prefixBytes
    at = begin <= bytes.length ? begin + view.getUint32(at, true) : Number.POSITIVE_INFINITY
    if (at > bytes.length) throw changed()
    bytes.copyWithin(to, begin, at)
    to += at - begin
    offsets[i + 1] = to
  }
  return { bytes: bytes.subarray(0, to), offsets }
}

function readPayload(file: GgufFile, entry: ArrayEntry): Uint8Array<ArrayBuffer> {
  const source = reopenFile(file.shards[0]!)
  try {
    const payload = new Uint8Array(entry.bytes)
    source.readInto(payload, entry.offset)
    return payload
  } finally {
    source.close()
  }
}

function prefixBytesOf(file: GgufFile): number {
  return file.version === 1 ? 4 : 8
}

function changed(): TsinferError {
  return new TsinferError('file_changed', 'the model file changed while in use')
}

function wrongElements(key: string, expected: string, entry: ArrayEntry): TsinferError {
  return new TsinferError('model_invalid', `metadata ${key}: expected an array of ${expected}, found ${entry.type}`)
}
