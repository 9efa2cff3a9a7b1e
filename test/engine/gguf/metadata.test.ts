import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import {
  findArray,
  findBoolean,
  findFloat,
  findInteger,
  findString,
  type GgufEntry,
  getFloat,
  getInteger,
  getString,
  type Metadata,
} from '../../../engine/gguf/metadata.ts'

const metadata: Metadata = new Map<string, GgufEntry>([
  ['u8', { kind: 'scalar', type: 'u8', value: 3 }],
  ['u64', { kind: 'scalar', type: 'u64', value: 2n ** 63n }],
  ['f32', { kind: 'scalar', type: 'f32', value: 0.5 }],
  ['bool', { kind: 'scalar', type: 'bool', value: false }],
  ['text', { kind: 'scalar', type: 'string', value: '' }],
  ['array', { kind: 'array', type: 'u32', count: 2, offset: 0, bytes: 8, items: [1, 2] }],
])

function refused(action: () => unknown, expected: string): void {
  try {
    action()
  } catch (error) {
    assert.instance(error, TsinferError)
    assert.is((error as TsinferError).code, 'model_invalid')
    assert.is((error as TsinferError).message, expected)
    return
  }
  throw new Error('expected an error')
}

test('values of the right type', () => {
  assert.is(getInteger(metadata, 'u8'), 3)
  assert.is(getFloat(metadata, 'f32'), 0.5)
  assert.is(getString(metadata, 'text'), '')
  assert.is(findBoolean(metadata, 'bool'), false)
  assert.is(findArray(metadata, 'array')?.count, 2)
})

test('absent keys', () => {
  for (const find of [findInteger, findFloat, findString, findBoolean, findArray])
    assert.is(find(metadata, 'x'), undefined)
  refused(() => getInteger(metadata, 'x'), 'metadata x: expected an integer, found no such key')
  refused(() => getString(metadata, 'x'), 'metadata x: expected a string, found no such key')
})

test('values of another type', () => {
  refused(() => findInteger(metadata, 'f32'), 'metadata f32: expected an integer, found a value of type f32')
  refused(() => findInteger(metadata, 'bool'), 'metadata bool: expected an integer, found a value of type bool')
  refused(() => findInteger(metadata, 'u64'), 'metadata u64: expected an integer below 2^53, found 9223372036854775808')
  refused(() => findFloat(metadata, 'u8'), 'metadata u8: expected a float, found a value of type u8')
  refused(() => findString(metadata, 'array'), 'metadata array: expected a string, found an array of 2 u32')
  refused(() => findBoolean(metadata, 'text'), 'metadata text: expected a boolean, found a value of type string')
  refused(() => findArray(metadata, 'u8'), 'metadata u8: expected an array, found a value of type u8')
})

test.run()
