import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forge } from '../../../bench/forge/forge.ts'
import { isForged } from '../../../bench/forge/quantize.ts'
import { readStrings } from '../../../engine/gguf/arrays.ts'
import { type GgufFile, openGguf } from '../../../engine/gguf/file.ts'
import { openFile } from '../../../engine/gguf/file-source.ts'
import { COMPUTABLE_TYPES } from '../../../engine/gguf/ggml-types.ts'
import { modelConfig } from '../../../engine/model/config/config.ts'
import { modelWeights } from '../../../engine/model/memory/weights.ts'
import { temporaryPath } from '../../engine/gguf/temporary.ts'
import { dequantize } from '../../reference/dequantize.ts'
import { runReference } from '../../reference/model.ts'
import { repositoryPath } from '../../shared.ts'

const SMALL = ['--width', '256', '--ffn', '512', '--layers', '2', '--heads', '4', '--kv-heads', '2']
const stories = repositoryPath('cli/models/stories260K.gguf')

function forged(name: string, ...args: string[]): GgufFile {
  const path = temporaryPath(name)
  forge([...args, '-o', path])
  return openGguf(path)
}

function tensorBytes(file: GgufFile, name: string): Uint8Array {
  const { offset, bytes, shard } = file.tensors.get(name)!
  const source = openFile(file.shards[shard]!.path)
  const found = new Uint8Array(bytes)
  source.readInto(found, offset)
  source.close()
  return found
}

test('a synthetic model is sound and its types are those asked for', () => {
  const file = forged('small.gguf', ...SMALL, '--words', '600', '--type', 'Q4_0', '--head', 'Q6_K', '--down', 'Q8_0')
  const weights = modelWeights(file, modelConfig(file))
  assert.is(weights.tokenEmbedding.type, 'Q6_K')
  assert.is(weights.output.type, 'Q6_K')
  assert.is(weights.layers[1]!.matrices.q?.type, 'Q4_0')
  assert.is(weights.layers[1]!.matrices.down?.type, 'Q8_0')
  const words = readStrings(file, 'tokenizer.ggml.tokens')!
  assert.is(words.length, 600)
  assert.is(new Set(words).size, 600)
  const up = tensorBytes(file, 'blk.0.ffn_up.weight')
  assert.ok(new Set(up).size > 100)
  assert.not.equal(up.subarray(0, 1000), tensorBytes(file, 'blk.1.ffn_up.weight').subarray(0, 1000))
})

test('synthetic weights keep the activations in range', () => {
  const file = forged('f32.gguf', ...SMALL, '--type', 'F32')
  const [logits] = runReference(file, [7, 8, 9]).logits.slice(-1)
  const spread = Math.sqrt(logits!.reduce((sum, logit) => sum + logit * logit, 0) / logits!.length)
  assert.ok(spread > 0.3 && spread < 3, String(spread))
})

test('types without a quantizer are drawn, with weights of the same deviation', () => {
  for (const type of COMPUTABLE_TYPES) {
    if (isForged(type)) continue
    const file = forged(`${type}.gguf`, ...SMALL, '--type', type)
    assert.is(modelWeights(file, modelConfig(file)).layers[1]!.matrices.up?.type, type)
    const values = dequantize(type, tensorBytes(file, 'blk.1.ffn_up.weight'))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    assert.ok(deviation > 0.17 && deviation < 0.33 && Math.abs(mean) < 0.03, `${type}: ${mean}, ${deviation}`)
  }
})

test('zeros take no space', () => {
  const file = forged('zeros.gguf', '--shape', '160m', '--type', 'F16', '--zeros')
  const { size, blocks } = statSync(file.shards[0]!.path)
  assert.ok(size > 300e6)
  assert.ok(blocks * 512 < 10e6, `${blocks * 512} bytes on disk`)
  assert.ok(tensorBytes(file, 'blk.3.attn_q.weight').every((byte) => byte === 0))
})

function worstDifference(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  return Math.max(...a.flatMap((row, i) => Array.from(row, (value, j) => Math.abs(value - b[i]![j]!))))
}

test('a widened model computes what the small one does', () => {
  const ids = [1, 403, 407, 261, 378, 432]
  const expected = runReference(openGguf(stories), ids).logits
  const shapes = [
    ['--width', '64', '--ffn', '172', '--layers', '5', '--heads', '8', '--kv-heads', '4'],
    ['--width', '192', '--ffn', '256', '--layers', '7', '--heads', '12', '--kv-heads', '4'],
    ['--width', '256', '--ffn', '172', '--layers', '11', '--heads', '16', '--kv-heads', '8'],
    ['--width', '192', '--ffn', '172', '--layers', '5', '--heads', '12', '--kv-heads', '12'],
  ]
  for (const shape of shapes) {
    const wide = forged('wide.gguf', '--widen', stories, ...shape, '--type', 'F32')
    const worst = worstDifference(runReference(wide, ids).logits, expected)
    assert.ok(worst < 1e-4, `${shape}: off by ${worst}`)
  }
})

test('a widened model with a shifted head is as sure, of other words', () => {
  const ids = [1, 403, 407]
  const shape = ['--width', '64', '--ffn', '172', '--layers', '5', '--heads', '8', '--kv-heads', '4']
  const shifted = forged('shifted.gguf', '--widen', stories, ...shape, '--type', 'F32', '--head-shift', '1')
  const expected = runReference(openGguf(stories), ids).logits.map((row) =>
    row.map((_, i) => row[(i + 1) % row.length]!),
  )
  assert.ok(worstDifference(runReference(shifted, ids).logits, expected) < 1e-4)
})

test('a widened model keeps its tokenizer, and quantizes what fits into blocks', () => {
  const shape = ['--width', '256', '--ffn', '172', '--layers', '6', '--heads', '8', '--kv-heads', '4']
  const file = forged('quantized.gguf', '--widen', stories, ...shape, '--type', 'Q4_K')
  const weights = modelWeights(file, modelConfig(file))
  assert.is(weights.layers[0]!.matrices.gate?.type, 'Q4_K')
  assert.is(weights.layers[0]!.matrices.down?.type, 'F16')
  assert.equal(readStrings(file, 'tokenizer.ggml.tokens'), readStrings(openGguf(stories), 'tokenizer.ggml.tokens'))
})

test('what cannot be forged is said in one line', () => {
  const refuse = (reason: RegExp, ...args: string[]) =>
    assert.throws(() => forge([...args, '-o', '/nowhere/x']), reason)
  refuse(/expected a shape of .*1b.*, found 2b/, '--shape', '2b')
  refuse(/expected a type of .*Q6_K.*, found Q9/, '--shape', '1b', '--type', 'Q9')
  refuse(/--head-shift, found -1/, '--widen', stories, '--shape', '1b', '--head-shift=-1')
  refuse(/--width, found none/, '--layers', '3')
  refuse(/--layers, found x/, '--shape', '1b', '--layers', 'x')
  refuse(/expected a type of .*Q6_K, found IQ4_NL/, '--widen', stories, ...SMALL, '--type', 'IQ4_NL')
  refuse(/layers: expected at least 5, found 2/, '--widen', stories, ...SMALL)
  assert.throws(() => forge(['--shape', '1b']), /expected -o FILE/)
  const script = repositoryPath('dist/bench/forge/forge.js')
  assert.throws(
    () => execFileSync(process.execPath, [script, '--nonsense'], { stdio: 'pipe' }),
    /forge: Unknown option/,
  )
})

test.run()
