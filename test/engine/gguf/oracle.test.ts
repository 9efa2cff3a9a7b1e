// Our header reader against Hugging Face's, on sound files. That library accepts a third of the handcrafted bad files
// (gaps, overlaps, cut files, unknown types), reads 50 MB at a time and decodes every array, hence our own.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GGMLQuantizationType, type GGUFTypedMetadata, gguf } from '@huggingface/gguf'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MetadataItem } from '../../../bench/forge/gguf-writer.ts'
import { readNumbers, readStrings } from '../../../engine/gguf/arrays.ts'
import { type GgufFile, openGguf } from '../../../engine/gguf/file.ts'
import { ggmlTypeOfId } from '../../../engine/gguf/ggml-types.ts'
import { repositoryPath, sharedTest } from '../../shared.ts'
import { ggufBytes } from './memory-source.ts'
import { temporaryPath } from './temporary.ts'

/** The library makes big integers of sizes, and strips a byte order mark at the start of a string (a token of llama). */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^\ufeff/, '')
  return typeof value === 'bigint' ? Number(value) : value
}

/** A difference of long arrays in one line. */
function compareItems(found: readonly unknown[], expected: readonly unknown[], what: string): void {
  assert.is(found.length, expected.length, what)
  const at = found.findIndex((value, i) => !Object.is(plain(value), plain(expected[i])))
  assert.is(at, -1, `${what}: ${found[at]} at ${at} is not ${expected[at]}`)
}

function compareMetadata(file: GgufFile, expected: GGUFTypedMetadata, path: string): void {
  const keys = Object.keys(expected).filter((key) => !['version', 'tensor_count', 'kv_count'].includes(key))
  assert.equal([...file.metadata.keys()].sort(), keys.sort(), path)
  for (const [key, entry] of file.metadata) {
    const { value } = (expected as Record<string, { value: unknown }>)[key]!
    if (entry.kind === 'scalar') {
      assert.ok(Object.is(plain(entry.value), plain(value)), `${path} ${key}: ${entry.value} is not ${value}`)
      continue
    }
    const wanted = value as unknown[]
    const what = `${path} ${key}`
    if (entry.items !== undefined) compareItems(entry.items, wanted, what)
    if (entry.type === 'string') compareItems(readStrings(file, key)!, wanted, what)
    else if (!/64$/.test(entry.type)) compareItems(Array.from(readNumbers(file, key)!), wanted.map(Number), what)
  }
}

async function compare(path: string): Promise<void> {
  const file = openGguf(path)
  const { typedMetadata, tensorInfos, tensorDataOffset } = await gguf(path, {
    allowLocalFile: true,
    typedMetadata: true,
  })
  compareMetadata(file, typedMetadata, path)
  const found = [...file.tensors.values()].map(({ name, type, dims, offset }) => ({ name, type, dims, offset }))
  const wanted = tensorInfos.map(({ name, dtype, shape, offset }) => ({
    name,
    type: GGMLQuantizationType[dtype],
    dims: shape.map(Number),
    offset: Number(offset) + Number(tensorDataOffset),
  }))
  assert.equal(found, wanted, path)
}

test('the embedded models', async () => {
  await compare(repositoryPath('cli/models/stories260K.gguf'))
  await compare(repositoryPath('cli/models/stories75K-draft.gguf'))
})

for (const folder of ['vectors/parity', 'vectors/vocab', 'models/stories260K', 'vectors/gguf-bad']) {
  sharedTest(test, `sound files of ${folder}`, folder, async (root) => {
    const names = readdirSync(root).filter((name) => name.endsWith('.gguf') && !/^(bad|edge)-/.test(name))
    assert.ok(names.length > 2)
    for (const name of names) await compare(join(root, name))
  })
}

test('files of every version', async () => {
  const path = temporaryPath('version.gguf')
  const words = ['general.architecture', 'llama', 'x'.repeat(70), '']
  const metadata: MetadataItem[] = [
    { key: 'general.architecture', type: 'string', value: 'llama' },
    { key: 'words', type: 'string', value: words },
    { key: 'numbers', type: 'i16', value: Array.from({ length: 3000 }, (_, i) => i - 1500) },
  ]
  const tensors = [
    { name: 'a', type: 'Q6_K', dims: [256, 3] },
    { name: 'b', type: 'F16', dims: [5, 2, 2] },
  ] as const
  for (const version of [1, 2, 3]) {
    writeFileSync(path, ggufBytes(metadata, tensors, { version }))
    await compare(path)
  }
})

test('type ids', () => {
  for (let id = 0; id < 100; id++) {
    // The library does not know the newest ids yet, and calls none differently.
    const name = GGMLQuantizationType[id]
    if (name !== undefined) assert.is(ggmlTypeOfId(id)?.name, name, String(id))
  }
})

test.run()
