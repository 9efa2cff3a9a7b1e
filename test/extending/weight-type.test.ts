// A weight type is one new file and one line of a list: a copy of Q4_0 under another name runs through the whole engine.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forge } from '../../bench/forge/forge.ts'
import { EMBEDDED_MODEL } from '../../bench/forge/vocabulary.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { copyTree } from './copied-tree.ts'

/** No type of ggml's. */
const ID = 99
const SHAPE = '--width 128 --ffn 256 --layers 5 --heads 8 --kv-heads 4'.split(' ')

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-type-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** A copy of a model whose Q4_0 tensors are said to be of type `id`; returns how many there are. */
function renameType(from: string, to: string, id: number): number {
  const bytes = readFileSync(from)
  const tensors = [...openGguf(from).tensors.values()].filter(({ type }) => type === 'Q4_0')
  for (const { name, dims } of tensors) {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(name.length))
    const at = bytes.indexOf(Buffer.concat([length, Buffer.from(name)]))
    // Behind the name: the number of dimensions, the dimensions, the type.
    bytes.writeUInt32LE(id, at + 8 + name.length + 4 + 8 * dims.length)
  }
  writeFileSync(to, bytes)
  return tensors.length
}

test('a copy of Q4_0 under another name is one file and one line', async () => {
  const [known, renamed] = [join(folder, 'known.gguf'), join(folder, 'renamed.gguf')]
  forge(['--widen', EMBEDDED_MODEL, ...SHAPE, '--type', 'Q4_0', '--head', 'Q4_0', '-o', known])
  assert.ok(renameType(known, renamed, ID) > 5 * 7)
  const tree = copyTree()
  try {
    const source = tree.read('kernels-as/types/q4-0.ts')
    tree.write('kernels-as/types/q4-copy.ts', source.replaceAll('q4_0', 'q4_copy').replaceAll('Q4_0', 'Q4_COPY'))
    tree.addLine('engine/gguf/ggml-types.ts', "'Q4_0', 32, 18", `  [${ID}, 'Q4_COPY', 32, 18, 'q8'],`)
    await tree.build()
    const idsOf = async (model: string, kernels: string) => {
      const request = ['--ids', '1,403,407,261,378,432,383', '-n', '24', '--temp', '0', '--ignore-eos', '--json']
      return JSON.parse(await tree.node('dist/cli/main.js', 'run', model, ...request, '--kernels', kernels)).ids
    }
    for (const kernels of ['plain', 'auto']) {
      const ids = await idsOf(renamed, kernels)
      assert.is(ids.length, 24)
      assert.equal(ids, await idsOf(known, kernels), kernels)
    }
    const described = await tree.node('dist/cli/main.js', 'inspect', renamed)
    assert.match(described, /Q4_COPY/)
    // A type that lacks something is no type.
    tree.write('kernels-as/types/q4-copy.ts', tree.read('kernels-as/types/q4-copy.ts').replace('above()', 'beyond()'))
    const refused = await tree.build().catch((error: Error) => error.message)
    assert.match(String(refused), /'above' does not exist on type/)
  } finally {
    tree.remove()
  }
})

test.run()
