import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MetadataItem } from '../../../bench/forge/gguf-writer.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { readHeader } from '../../../engine/gguf/header.ts'
import { SCALAR_TYPES, type ScalarType, type ScalarValue } from '../../../engine/gguf/metadata.ts'
import { ggufBytes, memorySource } from './memory-source.ts'

const read = (file: Uint8Array) => readHeader(memorySource(file), 0)

function refused(file: Uint8Array): string {
  try {
    read(file)
  } catch (error) {
    assert.instance(error, TsinferError, String(error))
    assert.is((error as TsinferError).code, 'gguf_invalid')
    return (error as TsinferError).message
  }
  throw new Error('expected the file to be refused')
}

const values: Record<ScalarType, fc.Arbitrary<ScalarValue>> = {
  u8: fc.integer({ min: 0, max: 255 }),
  i8: fc.integer({ min: -128, max: 127 }),
  u16: fc.integer({ min: 0, max: 65535 }),
  i16: fc.integer({ min: -32768, max: 32767 }),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  f32: fc.float(),
  bool: fc.boolean(),
  string: fc.string({ unit: 'grapheme' }),
  u64: fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n })),
  i64: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) })),
  f64: fc.double(),
}
const scalarType = fc.constantFrom(...SCALAR_TYPES.filter((type) => type !== undefined))
const item = scalarType.chain((type) =>
  fc.record({
    key: fc.string({ minLength: 1 }),
    type: fc.constant(type),
    value: fc.oneof(values[type], fc.array(values[type], { maxLength: 12 })),
  }),
)
const metadataItems = fc.uniqueArray(item, { selector: ({ key }) => key })

test('what was written is read back, in every version and value type', () => {
  fc.assert(
    fc.property(metadataItems, fc.constantFrom(1, 2, 3), (items, version) => {
      fc.pre(version > 1 || items.length > 0)
      const header = read(ggufBytes(items as MetadataItem[], [], { version }))
      assert.is(header.version, version)
      assert.equal(
        [...header.metadata.keys()],
        items.map(({ key }) => key),
      )
      for (const { key, type, value } of items) {
        const entry = header.metadata.get(key)!
        assert.is(entry.type, type)
        if (entry.kind === 'scalar') assert.ok(Object.is(entry.value, value), key)
        else assert.equal(entry.items, value)
      }
    }),
  )
})

const architecture: MetadataItem = { key: 'general.architecture', type: 'string', value: 'llama' }

test('tensors get absolute, aligned offsets', () => {
  const tensors = [
    { name: 'a', type: 'Q4_0', dims: [64, 3] },
    { name: 'empty', type: 'F32', dims: [0] },
    { name: 'b', type: 'F16', dims: [3, 2, 2, 5] },
    { name: 'scalar', type: 'F32', dims: [] },
  ] as const
  for (const alignment of [1, 32, 64, 4096]) {
    const stated: MetadataItem = { key: 'general.alignment', type: 'u32', value: alignment }
    const file = ggufBytes([architecture, stated], tensors, { alignment })
    const found = read(file).tensors
    assert.equal(
      found.map(({ bytes }) => bytes),
      [108, 0, 120, 4],
    )
    assert.equal(
      found.map(({ dims }) => [...dims]),
      tensors.map(({ dims }) => [...dims]),
    )
    assert.ok(found.every(({ offset }) => offset % alignment === 0))
    assert.is(found[1]!.offset, found[2]!.offset)
    assert.is(found.at(-1)!.offset + Math.ceil(4 / alignment) * alignment, file.length)
    read(file.subarray(0, found.at(-1)!.offset + 4))
    assert.match(refused(file.subarray(0, found.at(-1)!.offset + 3)), 'cut short')
  }
})

test('a long array is left in the file', () => {
  const words = Array.from({ length: 5000 }, (_, i) => `word ${i}`)
  const long: MetadataItem[] = [
    { key: 'words', type: 'string', value: words },
    { key: 'scores', type: 'f32', value: words.map((_, i) => i) },
    { key: 'last', type: 'u8', value: 7 },
  ]
  for (const version of [1, 2, 3]) {
    const { metadata } = read(ggufBytes(long, [], { version }))
    for (const key of ['words', 'scores']) {
      const entry = metadata.get(key)
      assert.ok(entry?.kind === 'array' && entry.count === 5000 && entry.items === undefined)
    }
    assert.is(metadata.get('last')?.kind === 'scalar' && metadata.get('last')!.type, 'u8')
  }
})

test('headers longer than the read window', () => {
  const big = 'x'.repeat(600_000)
  const items: MetadataItem[] = [
    { key: 'strings', type: 'string', value: Array.from({ length: 1500 }, (_, i) => big.slice(0, (i * 331) % 3000)) },
    { key: 'big', type: 'string', value: big },
    { key: 'numbers', type: 'u64', value: Array.from({ length: 100_000 }, (_, i) => i) },
    { key: 'end', type: 'string', value: 'end' },
  ]
  const { metadata } = read(ggufBytes(items))
  const end = metadata.get('end')
  assert.ok(end?.kind === 'scalar' && end.value === 'end')
  const found = metadata.get('big')
  assert.ok(found?.kind === 'scalar' && found.value === big)
})

test('a later layout stamped version 1 is refused', () => {
  const file = ggufBytes([architecture])
  file[4] = 1
  assert.match(refused(file), 'version 1')
})

test('messages stay on one short line whatever the file says', () => {
  const hostile = 'a\nb\u0000\u2028'.repeat(3000)
  const file = ggufBytes([
    { key: hostile, type: 'u8', value: 1 },
    { key: hostile, type: 'u8', value: 1 },
  ])
  const message = refused(file)
  assert.ok(message.length < 1000 && !/\n/.test(message), message)
})

test.run()
