// The key-value part of a GGUF header as plain records, and typed access to it. Pure.
import { TsinferError } from '../errors.ts'

/** Value types in the order of their ids in the format; id 9 is the array. */
export const SCALAR_TYPES = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  undefined,
  'u64',
  'i64',
  'f64',
] as const
export type ScalarType = NonNullable<(typeof SCALAR_TYPES)[number]>

/** 64-bit integers outside the range of exact numbers stay bigints; everything else is a number, boolean or string. */
export type ScalarValue = number | bigint | boolean | string

export interface ScalarEntry {
  readonly kind: 'scalar'
  readonly type: ScalarType
  readonly value: ScalarValue
}

export interface ArrayEntry {
  readonly kind: 'array'
  /** Type of the elements. */
  readonly type: ScalarType
  readonly count: number
  /** Where the elements lie in the file (of shard 0). */
  readonly offset: number
  readonly bytes: number
  /** The elements of a short array; those of a long one are decoded by arrays.ts when asked for. */
  readonly items: readonly ScalarValue[] | undefined
}

export type GgufEntry = ScalarEntry | ArrayEntry
export type Metadata = ReadonlyMap<string, GgufEntry>

/**
 * An integer of any width.
 * @returns undefined where the key is absent
 * @throws TsinferError `model_invalid` where it has another type or is beyond 2^53
 */
export function findInteger(metadata: Metadata, key: string): number | undefined {
  const value = scalarOf(metadata, key, 'an integer', (type) => /^[iu]\d/.test(type))
  if (typeof value === 'bigint') throw mismatch(key, 'an integer below 2^53', String(value))
  return value as number | undefined
}

/** A 32- or 64-bit float; otherwise as `findInteger`. */
export function findFloat(metadata: Metadata, key: string): number | undefined {
  return scalarOf(metadata, key, 'a float', (type) => type === 'f32' || type === 'f64') as number | undefined
}

export function findString(metadata: Metadata, key: string): string | undefined {
  return scalarOf(metadata, key, 'a string', (type) => type === 'string') as string | undefined
}

export function findBoolean(metadata: Metadata, key: string): boolean | undefined {
  return scalarOf(metadata, key, 'a boolean', (type) => type === 'bool') as boolean | undefined
}

/** @throws TsinferError `model_invalid` where the key holds no array */
export function findArray(metadata: Metadata, key: string): ArrayEntry | undefined {
  const entry = metadata.get(key)
  if (entry?.kind === 'scalar') throw mismatch(key, 'an array', describe(entry))
  return entry
}

/** `findInteger` for a key that must be there. */
export function getInteger(metadata: Metadata, key: string): number {
  return present(findInteger(metadata, key), key, 'an integer')
}

export function getFloat(metadata: Metadata, key: string): number {
  return present(findFloat(metadata, key), key, 'a float')
}

export function getString(metadata: Metadata, key: string): string {
  return present(findString(metadata, key), key, 'a string')
}

function scalarOf(metadata: Metadata, key: string, expected: string, accepts: (type: ScalarType) => boolean) {
  const entry = metadata.get(key)
  if (entry === undefined) return undefined
  if (entry.kind === 'array' || !accepts(entry.type)) throw mismatch(key, expected, describe(entry))
  return entry.value
}

function present<Value>(value: Value | undefined, key: string, expected: string): Value {
  if (value === undefined) throw mismatch(key, expected, 'no such key')
  return value
}

function describe(entry: GgufEntry): string {
  return entry.kind === 'array' ? `an array of ${entry.count} ${entry.type}` : `a value of type ${entry.type}`
}

function mismatch(key: string, expected: string, found: string): TsinferError {
  return new TsinferError('model_invalid', `metadata ${key}: expected ${expected}, found ${found}`)
}
