import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MetadataItem } from '../../../../bench/forge/gguf-writer.ts'
import { readHeader } from '../../../../engine/gguf/header.ts'
import { foreignKind } from '../../../../engine/model/config/file-kind.ts'
import { tsinfer } from '../../../cli/tsinfer.ts'
import { sharedTest } from '../../../shared.ts'
import { ggufBytes, memorySource } from '../../gguf/memory-source.ts'
import { tinyModel } from '../tiny-model.ts'

const text = (key: string, value: string): MetadataItem => ({ key, type: 'string', value })
const TOKENS: MetadataItem = { key: 'tokenizer.ggml.tokens', type: 'string', value: ['a', 'b'] }

/** A file of these keys with tensors of these names. */
function fileOf(metadata: readonly MetadataItem[], names: readonly string[]) {
  const tensors = names.map((name) => ({ name, type: 'F32' as const, dims: [1] }))
  const read = readHeader(memorySource(ggufBytes(metadata, tensors)), 0)
  return { metadata: read.metadata, tensors: new Map(read.tensors.map((tensor) => [tensor.name, tensor])) }
}

const CASES: readonly [kind: RegExp | undefined, metadata: readonly MetadataItem[], tensors: readonly string[]][] = [
  [/^a LoRA adapter/, [text('general.type', 'adapter'), text('general.architecture', 'llama')], ['x']],
  [/^a LoRA adapter/, [text('general.architecture', 'llama'), text('adapter.type', 'lora')], ['x']],
  [/^a LoRA adapter/, [], ['blk.0.attn_q.weight.lora_a', 'blk.0.attn_q.weight.lora_b']],
  // What it says of itself counts more than what it holds.
  [/^a LoRA adapter/, [text('general.type', 'adapter'), TOKENS], ['token_embd.weight']],
  [/^a projector \(mmproj\)/, [text('general.type', 'mmproj'), text('general.architecture', 'clip')], ['v.a']],
  [/^a projector/, [text('general.type', 'model'), text('general.architecture', 'clip')], ['x']],
  [/^a projector/, [{ key: 'clip.has_vision_encoder', type: 'bool', value: true }], ['x']],
  [/^a projector/, [], ['v.patch_embd.weight', 'mm.0.weight']],
  [/^importance data \(imatrix\)/, [text('general.type', 'imatrix')], ['x']],
  [/^importance data/, [], ['blk.0.attn_q.weight.in_sum2', 'blk.0.attn_q.weight.counts']],
  [/^importance data/, [{ key: 'imatrix.chunk_count', type: 'u32', value: 1 }], ['x']],
  [/^a control vector/, [text('general.architecture', 'controlvector')], ['x']],
  [/^a control vector/, [], ['direction.1', 'direction.2']],
  [/^a vocabulary/, [text('general.architecture', 'llama'), TOKENS], []],
  [/^a vocabulary/, [text('general.type', 'vocab'), TOKENS], []],
  [undefined, [text('general.architecture', 'llama'), text('general.type', 'model'), TOKENS], ['token_embd.weight']],
  [undefined, [text('general.architecture', 'llama'), text('imatrix.dataset', 'a')], ['token_embd.weight']],
  [undefined, [text('general.type', 'something')], ['x']],
  [undefined, [{ key: 'general.type', type: 'u32', value: 3 }], ['x']],
  [undefined, [], []],
]

test('file kinds: what a file says of itself, or what is in it', () => {
  for (const [kind, metadata, tensors] of CASES) {
    const found = foreignKind(fileOf(metadata, tensors))
    const what = `${JSON.stringify(metadata)} ${tensors}: ${found}`
    if (kind === undefined) assert.is(found, undefined, what)
    else assert.match(found ?? '', kind, what)
  }
  assert.is(foreignKind(tinyModel().file), undefined)
})

sharedTest(
  test,
  'file kinds: run, inspect and a draft model say it in one line',
  'cases/gguf-kinds',
  async (folder) => {
    const kinds: Record<string, RegExp> = { adapter: /a LoRA adapter/, imatrix: /importance data/ }
    const names = readdirSync(folder).filter((name) => name.endsWith('.gguf'))
    assert.ok(names.length >= 2)
    for (const name of names) {
      const path = join(folder, name)
      const kind = kinds[name.replace('.gguf', '')] ?? /expected a model, found /
      for (const args of [
        ['run', path, '-p', 'x'],
        ['run', '-p', 'x', '-md', path],
      ]) {
        const { code, stdout, stderr } = await tsinfer(args)
        assert.is(code, 2, stderr)
        assert.is(stdout, '')
        assert.match(stderr, kind)
        assert.match(stderr, /^tsinfer: [^\n]*\n$/)
      }
      const inspected = await tsinfer(['inspect', path])
      assert.is(inspected.code, 0)
      assert.match(inspected.stdout.split('\n').find((line) => line.startsWith('runnable:')) ?? '', kind)
    }
  },
)

test.run()
