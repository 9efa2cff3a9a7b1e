// Decodes one metadata array: the token texts, scores and merges of a vocabulary, which opening a file leaves unread.
import { TsinferError } from '../errors.ts'
import type { GgufFile } from './file.ts'
import { reopenFile } from './file-source.ts'
import { type ArrayEntry, findArray } from './metadata.ts'
import { NUMBER_FORMATS } from './metadata-reader.ts'

/** Strings back to back: string i is `bytes[offsets[i] .. offsets[i + 1]]`. */
export interface StringTable {
  readonly bytes: Uint8Array
  /** One more entry than there are strings. */
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
  return compact(readPayload(file, entry), entry.count, file.version === 1 ? 4 : 8)
}

/** The strings of the array `key` as text; bytes that are not UTF-8 become U+FFFD. Otherwise as `readStringTable`. */
export function readStrings(file: GgufFile, key: string): string[] | undefined {
  const table = readStringTable(file, key)
  return table && decodeStrings(table)
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

/** All strings of a table as text. */
export function decodeStrings({ bytes, offsets }: StringTable): string[] {
  return decodeAtOnce(bytes, offsets) ?? decodeOneByOne(bytes, offsets)
}

/**
 * One decoder call for the whole table, then cuts: a call per string costs ten times as much. Right only where every
 * string is UTF-8 by itself, that is, where the whole is and no string begins in the middle of a character.
 */
function decodeAtOnce(bytes: Uint8Array, offsets: Uint32Array): string[] | undefined {
  let whole: string
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
  const strings: string[] = []
  let end = 0
  for (let i = 0; i + 1 < offsets.length; i++) {
    const begin = end
    const last = offsets[i + 1]!
    const first = offsets[i]!
    if (first < last && isContinuation(bytes[first]!)) return undefined
    for (let at = first; at < last; at++) {
      const byte = bytes[at]!
      // UTF-16 units: one per character, two where its UTF-8 form has four bytes.
      if (!isContinuation(byte)) end += byte >= 0xf0 ? 2 : 1
    }
    strings.push(whole.slice(begin, end))
  }
  return strings
}

function decodeOneByOne(bytes: Uint8Array, offsets: Uint32Array): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return Array.from({ length: offsets.length - 1 }, (_, i) =>
    decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])),
  )
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** Removes the length prefixes. The header reader has checked them, but the file may have changed since. */
function compact(payload: Uint8Array, count: number, prefixBytes: number): StringTable {
  const view = new DataView(payload.buffer)
  const bytes = new Uint8Array(payload.length - count * prefixBytes)
  const offsets = new Uint32Array(count + 1)
  let at = 0
  let end = 0
  for (let i = 0; i < count; i++) {
    const length = at + prefixBytes <= payload.length ? view.getUint32(at, true) : payload.length
    at += prefixBytes
    if (at + length > payload.length) throw new TsinferError('file_changed', 'the model file changed while in use')
    bytes.set(payload.subarray(at, at + length), end)
    at += length
    end += length
    offsets[i + 1] = end
  }
  return { bytes, offsets }
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
