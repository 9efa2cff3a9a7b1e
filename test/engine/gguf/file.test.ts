import { rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MetadataItem } from '../../../bench/forge/gguf-writer.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { openGguf } from '../../../engine/gguf/file.ts'
import { ggufBytes } from './memory-source.ts'
import { temporaryPath } from './temporary.ts'

const shardName = (set: string, no: number, count: number) =>
  temporaryPath(`${set}-${String(no + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.gguf`)

interface Changes {
  readonly no?: number
  readonly count?: number
  readonly total?: number
  readonly tensor?: string
}

/** Writes a set of three shards with one tensor each; `changes` spoil shard 1. */
function writeSet(set: string, changes: Changes = {}): string[] {
  return [0, 1, 2].map((index) => {
    const { no = index, count = 3, total = 3, tensor = `t${index}` } = index === 1 ? changes : {}
    const metadata: MetadataItem[] = [
      { key: 'general.name', type: 'string', value: `shard ${index}` },
      { key: 'split.no', type: 'u16', value: no },
      { key: 'split.count', type: count > 65535 ? 'u64' : 'u16', value: count },
      { key: 'split.tensors.count', type: 'i32', value: total },
    ]
    const path = shardName(set, index, 3)
    writeFileSync(path, ggufBytes(metadata, [{ name: tensor, type: 'F32', dims: [index + 1] }]))
    return path
  })
}

function refused(path: string, code: string, reason: string | RegExp): void {
  try {
    openGguf(path)
  } catch (error) {
    assert.instance(error, TsinferError, String(error))
    assert.is((error as TsinferError).code, code)
    assert.match((error as TsinferError).message, reason)
    return
  }
  throw new Error('expected the set to be refused')
}

test('any shard opens the set', () => {
  for (const path of writeSet('good')) {
    const file = openGguf(path)
    assert.equal([...file.tensors.keys()], ['t0', 't1', 't2'])
    assert.equal(
      [...file.tensors.values()].map(({ shard }) => shard),
      [0, 1, 2],
    )
    assert.equal(
      file.shards.map(({ path }) => path),
      [0, 1, 2].map((no) => shardName('good', no, 3)),
    )
    const name = file.metadata.get('general.name')
    assert.ok(name?.kind === 'scalar' && name.value === 'shard 0')
    assert.ok(file.shards.every(({ bytes, mtimeMs }) => bytes > 0 && mtimeMs > 0))
  }
})

test('a missing shard is named', () => {
  const paths = writeSet('gap')
  rmSync(paths[1]!)
  refused(paths[0]!, 'file_unreadable', 'gap-00002-of-00003.gguf: no such file')
  refused(paths[2]!, 'file_unreadable', 'gap-00002-of-00003.gguf: no such file')
})

test('shards that do not belong together', () => {
  refused(writeSet('no', { no: 2 })[0]!, 'gguf_invalid', 'ends with -00003-of-00003.gguf')
  for (const count of [65536, 2 ** 32, 2 ** 53 - 1]) {
    refused(writeSet('many', { count })[1]!, 'gguf_invalid', `split.count up to 65535, found ${count}`)
  }
  refused(writeSet('no', { no: 7 })[1]!, 'gguf_invalid', 'split.no from 0 to 2, found 7')
  refused(writeSet('count', { count: 1 })[0]!, 'gguf_invalid', 'expected shard 2 of 3, found a file that is not split')
  refused(writeSet('count', { count: 4 })[0]!, 'gguf_invalid', '-00002-of-00004.gguf')
  refused(writeSet('total', { total: 4 })[0]!, 'gguf_invalid', 'expected 4 tensors in all shards together, found 3')
  refused(writeSet('twice', { tensor: 't0' })[0]!, 'gguf_invalid', 'found "t0" of shard 1 again')
})

test('a shard under another name', () => {
  const path = temporaryPath('renamed.gguf')
  const keys: MetadataItem[] = [
    { key: 'split.no', type: 'u16', value: 0 },
    { key: 'split.count', type: 'u16', value: 2 },
  ]
  writeFileSync(path, ggufBytes(keys))
  refused(path, 'gguf_invalid', '-00001-of-00002.gguf')
})

test('a whole file whose name looks like a shard', () => {
  const path = shardName('lonely', 0, 9)
  writeFileSync(path, ggufBytes([], [{ name: 'a', type: 'I8', dims: [5] }]))
  assert.is(openGguf(path).tensors.size, 1)
})

test.run()
