import { truncateSync, utimesSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readNumbers, readStrings, readStringTable } from '../../../engine/gguf/arrays.ts'
import { openGguf } from '../../../engine/gguf/file.ts'
import { readF32Tensor } from '../../../engine/gguf/tensor-data.ts'
import { ggufBytes } from './memory-source.ts'
import { temporaryPath } from './temporary.ts'

const path = temporaryPath('arrays.gguf')

test('strings of any kind and number', () => {
  const strings = fc.array(fc.string({ unit: 'binary' }), { maxLength: 40 })
  fc.assert(
    fc.property(strings, fc.constantFrom(1, 2, 3), fc.boolean(), (few, version, long) => {
      const words = long ? Array.from({ length: 2000 }, (_, i) => few[i % (few.length + 1)] ?? `word ${i}`) : few
      writeFileSync(path, ggufBytes([{ key: 'words', type: 'string', value: words }], [], { version }))
      const file = openGguf(path)
      // A lone surrogate has no UTF-8 form.
      assert.equal(
        readStrings(file, 'words'),
        words.map((word) => Buffer.from(word).toString()),
      )
      const table = readStringTable(file, 'words')!
      assert.is(table.offsets.length, words.length + 1)
      words.forEach((word, i) => {
        assert.equal(Buffer.from(table.bytes.subarray(table.offsets[i], table.offsets[i + 1])), Buffer.from(word))
      })
    }),
    { numRuns: 50 },
  )
})

test('bytes that are not UTF-8, a byte order mark, half characters', () => {
  const items = [{ key: 'words', type: 'string', value: ['\ufeffa', 'AB', 'CD'] }] as const
  const bytes = ggufBytes(items)
  const at = Buffer.from(bytes).indexOf('AB')
  bytes.set([0xc3, 0x28], at)
  writeFileSync(path, bytes)
  assert.equal(readStrings(openGguf(path), 'words'), ['\ufeffa', '\ufffd(', 'CD'])
  // The two halves of one character are two strings, not one character.
  bytes.set([0x41, 0xc3], at)
  bytes.set([0xa9, 0x44], Buffer.from(bytes).indexOf('CD'))
  writeFileSync(path, bytes)
  assert.equal(readStrings(openGguf(path), 'words'), ['\ufeffa', 'A\ufffd', '\ufffdD'])
})

test('numbers of every type', () => {
  const cases = [
    ['i8', [-128, 127]],
    ['u16', [65535, 0]],
    ['i32', [-(2 ** 31), 5]],
    ['f32', [0.5, Number.NaN, -3]],
    ['bool', [true, false]],
    ['u64', [2 ** 53 - 1]],
    ['f64', [Math.PI]],
  ] as const
  for (const [type, value] of cases) {
    for (const repeat of [1, 800]) {
      const values = Array.from({ length: repeat }, () => value).flat()
      writeFileSync(path, ggufBytes([{ key: 'numbers', type, value: values }]))
      assert.equal(Array.from(readNumbers(openGguf(path), 'numbers')!), values.map(Number), type)
    }
  }
})

test('absent keys, wrong kinds, integers beyond 2^53', () => {
  const bytes = ggufBytes([
    { key: 'one', type: 'u8', value: 1 },
    { key: 'words', type: 'string', value: ['a'] },
    { key: 'huge', type: 'u64', value: [2n ** 60n + 1n] },
  ])
  writeFileSync(path, bytes)
  const file = openGguf(path)
  assert.is(readStrings(file, 'nothing'), undefined)
  assert.is(readNumbers(file, 'nothing'), undefined)
  const isModelInvalid = (error: { code?: string }) => error.code === 'model_invalid'
  assert.throws(() => readStrings(file, 'one'), isModelInvalid)
  assert.throws(() => readStrings(file, 'huge'), isModelInvalid)
  assert.throws(() => readNumbers(file, 'words'), isModelInvalid)
  assert.throws(() => readNumbers(file, 'huge'), isModelInvalid)
})

test('the file is not read any more once it changed', () => {
  const words = Array.from({ length: 3000 }, (_, i) => `word ${i}`)
  const tensors = [{ name: 'norm', type: 'F32', dims: [4] }] as const
  writeFileSync(path, ggufBytes([{ key: 'words', type: 'string', value: words }], tensors))
  const file = openGguf(path)
  assert.equal(Array.from(readF32Tensor(file, file.tensors.get('norm')!)), [0, 0, 0, 0])
  const isChanged = (error: { code?: string }) => error.code === 'file_changed'
  utimesSync(path, 1, 1)
  assert.throws(() => readStrings(file, 'words'), isChanged)
  truncateSync(path, 100)
  assert.throws(() => readStrings(file, 'words'), isChanged)
  assert.throws(() => readF32Tensor(file, file.tensors.get('norm')!), isChanged)
})

test.run()
