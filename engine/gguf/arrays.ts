// Decodes one metadata array: the token texts, scores and merges of a vocabulary, which opening a file leaves unread.
import { TsinferError } from '../errors.ts'
import type { GgufFile } from './file.ts'
import { reopenFile } from './file-source.ts'
import { type ArrayEntry, findArray } from './metadata.ts'
import { NUMBER_FORMATS } from './metadata-reader.ts'

/** Raw strings: string i is `bytes.subarray(begins[i], ends[i])`. */
export interface StringTable {
  readonly bytes: Uint8Array
  readonly begins: Uint32Array
  readonly ends: Uint32Array
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
  return stringTable(readPayload(file, entry), entry.count, file.version === 1 ? 4 : 8)
}

/** The strings of the array `key` as text; bytes that are not UTF-8 become U+FFFD. Otherwise as `readStringTable`. */
export function readStrings(file: GgufFile, key: string): string[] | undefined {
  const table = readStringTable(file, key)
  if (table === undefined) return undefined
  // Twice as fast as a TextDecoder for short strings, and a vocabulary has hundreds of thousands.
  const buffer = Buffer.from(table.bytes.buffer)
  return Array.from(table.begins, (begin, i) => buffer.toString('utf8', begin, table.ends[i]))
}

/** The numbers of the array `key`; booleans are 0 and 1. Otherwise as `readStringTable`. */
export function readNumbers(file: GgufFile, key: string): Float64Array | undefined {
  const entry = findArray(file.metadata, key)
  if (entry === undefined) return undefined
  if (entry.type === 'string') throw wrongElements(key, 'numbers', entry)
  const { bytes, read } = NUMBER_FORMATS[entry.type]
  const payload = readPayload(file, entry)
  const view = new DataView(payload.buffer)
  const numbers = new Float64Array(entry.count)
  for (let i = 0; i < entry.count; i++) {
    const value = read(view, i * bytes)
    if (typeof value === 'bigint') {
      throw new TsinferError('model_invalid', `metadata ${key}: expected integers below 2^53, found ${value}`)
    }
    numbers[i] = entry.type === 'bool' ? Number(value !== 0) : value
  }
  return numbers
}

/** Finds the strings between their length prefixes. The header reader checked them, but the file may have changed. */
function stringTable(bytes: Uint8Array, count: number, prefixBytes: number): StringTable {
  const view = new DataView(bytes.buffer)
  const begins = new Uint32Array(count)
  const ends = new Uint32Array(count)
  let at = 0
  for (let i = 0; i < count; i++) {
    const begin = at + prefixBytes
    at = begin <= bytes.length ? begin + view.getUint32(at, true) : Number.POSITIVE_INFINITY
    if (at > bytes.length) throw new TsinferError('file_changed', 'the model file changed while in use')
    begins[i] = begin
    ends[i] = at
  }
  return { bytes, begins, ends }
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

function wrongElements(key: string, expected: string, entry: ArrayEntry): TsinferError {
  return new TsinferError('model_invalid', `metadata ${key}: expected an array of ${expected}, found ${entry.type}`)
}
