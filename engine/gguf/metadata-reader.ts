// Reads the key-value part of a header. Long arrays are only stepped over: opening a file with a vocabulary of 128,000
// words must take milliseconds.
import {
  ARRAY_ELEMENTS_MAX,
  ARRAY_KEPT_ELEMENTS_MAX,
  KEPT_ELEMENTS_MAX,
  KEY_BYTES_MAX,
  STRING_BYTES_MAX,
} from '../limits.ts'
import { quoted } from '../quoted.ts'
import type { HeaderCursor } from './cursor.ts'
import {
  type ArrayEntry,
  type GgufEntry,
  type Metadata,
  SCALAR_TYPES,
  type ScalarType,
  type ScalarValue,
} from './metadata.ts'

const ARRAY_TYPE_ID = 9

interface NumberFormat {
  readonly bytes: number
  readonly read: (view: DataView, at: number) => number | bigint
}

/** How numbers of each type lie in the file. */
export const NUMBER_FORMATS: Readonly<Record<Exclude<ScalarType, 'string'>, NumberFormat>> = {
  u8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i8: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  i16: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  u32: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  i32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  f32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  bool: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u64: { bytes: 8, read: (view, at) => exact(view.getBigUint64(at, true)) },
  i64: { bytes: 8, read: (view, at) => exact(view.getBigInt64(at, true)) },
  f64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
}

function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Reads `count` key-value pairs. */
export function readMetadata(cursor: HeaderCursor, count: number): Metadata {
  const metadata = new Map<string, GgufEntry>()
  const kept = { elements: 0 }
  for (let i = 0; i < count; i++) {
    const key = cursor.string(`key ${i} of ${count}`, KEY_BYTES_MAX)
    if (key === '') cursor.fail(`key ${i}: expected a name, found an empty one`)
    if (metadata.has(key)) cursor.fail(`key ${i}: expected a new name, found ${quoted(key)} again`)
    metadata.set(key, readEntry(cursor, `metadata ${quoted(key)}`, kept))
  }
  return metadata
}

/** Counts the elements of arrays that are kept: numbers of a byte each take eight in memory. */
interface Kept {
  elements: number
}

function readEntry(cursor: HeaderCursor, what: string, kept: Kept): GgufEntry {
  const id = cursor.u32(`type of ${what}`)
  if (id === ARRAY_TYPE_ID) return readArray(cursor, what, kept)
  const type = scalarType(cursor, id, what)
  return { kind: 'scalar', type, value: readScalar(cursor, type, what) }
}

function readArray(cursor: HeaderCursor, what: string, kept: Kept): ArrayEntry {
  const id = cursor.u32(`element type of ${what}`)
  if (id === ARRAY_TYPE_ID) cursor.fail(`${what}: expected an array of plain values, found an array of arrays`)
  const type = scalarType(cursor, id, what)
  const count = cursor.size(`length of array ${what}`, ARRAY_ELEMENTS_MAX)
  const elementBytesMin = type === 'string' ? (cursor.wide ? 8 : 4) : NUMBER_FORMATS[type].bytes
  if (count * elementBytesMin > cursor.remaining) {
    cursor.fail(`${what}: expected at most ${cursor.remaining} bytes of array, found ${count} elements`)
  }
  const offset = cursor.offset
  let items: ScalarValue[] | undefined
  if (count <= ARRAY_KEPT_ELEMENTS_MAX && kept.elements + count <= KEPT_ELEMENTS_MAX) {
    kept.elements += count
    items = Array.from({ length: count }, () => readScalar(cursor, type, what))
  } else if (type === 'string') cursor.skipStrings(count, what)
  else cursor.skip(count * elementBytesMin, what)
  return { kind: 'array', type, count, offset, bytes: cursor.offset - offset, items }
}

function readScalar(cursor: HeaderCursor, type: ScalarType, what: string): ScalarValue {
  if (type === 'string') return cursor.string(what, STRING_BYTES_MAX)
  const { bytes, read } = NUMBER_FORMATS[type]
  const value = cursor.number(bytes, what, read)
  return type === 'bool' ? value !== 0 : value
}

function scalarType(cursor: HeaderCursor, id: number, what: string): ScalarType {
  const type = SCALAR_TYPES[id]
  if (type === undefined) cursor.fail(`${what}: expected a value type from 0 to 12, found ${id}`)
  return type
}
