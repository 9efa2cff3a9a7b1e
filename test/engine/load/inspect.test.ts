// What inspection shows of metadata: values of every kind, the first elements of arrays, whatever is behind them.
import { statSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFirst } from '../../../engine/gguf/arrays.ts'
import { openGguf } from '../../../engine/gguf/file.ts'
import { findArray } from '../../../engine/gguf/metadata.ts'
import { inspectFile } from '../../../engine/load/inspect.ts'
import { ggufBytes } from '../gguf/memory-source.ts'
import { temporaryPath } from '../gguf/temporary.ts'

const path = temporaryPath('inspected.gguf')

const ARRAYS = [
  ['u64', [2n ** 63n, 2n ** 64n - 1n, 3]],
  ['i64', [-(2n ** 63n), -1, 2n ** 60n]],
  ['f64', [Number.MAX_VALUE, Number.POSITIVE_INFINITY, -0.5]],
  ['bool', [true, false, true]],
  ['i8', [-128, 127, 0]],
  ['f32', [0.5, -0.25, 3]],
  ['string', ['', 'é', 'x'.repeat(3000)]],
] as const

test('inspect: arrays of every type and length, integers of 64 bits included', () => {
  for (const version of [1, 2, 3]) {
    for (const repeat of [0, 1, 3, 1000]) {
      const items = ARRAYS.map(([type, value]) => ({
        key: `of.${type}`,
        type,
        value: Array.from({ length: repeat }, () => value).flat(),
      }))
      writeFileSync(path, ggufBytes(items, [], { version }))
      const { metadata, runnable } = inspectFile(path, openGguf(path), {}, { cores: 1, nodeMajor: 20, processBytes: 0 })
      assert.not.ok(runnable)
      assert.is(metadata.length, ARRAYS.length)
      for (const [i, { key, type, value }] of items.entries()) {
        assert.equal(metadata[i], { key, type: `array of ${type}`, value: value.slice(0, 8), length: 3 * repeat })
      }
    }
  }
})

test('inspect: nothing behind the elements that are shown is read', () => {
  const values = Array.from({ length: 5000 }, (_, i) => `word ${i}`)
  writeFileSync(path, ggufBytes([{ key: 'words', type: 'string', value: values }]))
  const file = openGguf(path)
  // The length of the ninth string is broken: whoever reads it fails.
  const bytes = ggufBytes([{ key: 'words', type: 'string', value: values }])
  bytes.fill(0xff, Buffer.from(bytes).indexOf('word 8') - 8, Buffer.from(bytes).indexOf('word 8'))
  writeFileSync(path, bytes)
  const entry = findArray(file.metadata, 'words')!
  const changed = { ...file, shards: [{ ...file.shards[0]!, mtimeMs: statSync(path).mtimeMs }] }
  assert.equal(readFirst(changed, entry, 8), values.slice(0, 8))
  assert.throws(
    () => readFirst(changed, entry, 9),
    (error: { code?: string }) => error.code === 'file_changed',
  )
})

test.run()
