import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../../engine/errors.ts'
import { openGguf } from '../../../../engine/gguf/file.ts'
import { COMPUTABLE_TYPES, type GgmlTypeName } from '../../../../engine/gguf/ggml-types.ts'
import { modelConfig } from '../../../../engine/model/config/config.ts'
import { modelWeights } from '../../../../engine/model/memory/weights.ts'
import { repositoryPath, sharedTest } from '../../../shared.ts'
import { TINY, type TinyModel, tinyModel } from '../tiny-model.ts'

const weightsOf = ({ file }: TinyModel) => modelWeights(file, modelConfig(file))

function refused(model: TinyModel, code: string, reason: string): void {
  try {
    weightsOf(model)
  } catch (error) {
    assert.instance(error, TsinferError, String(error))
    assert.is((error as TsinferError).code, code)
    assert.match((error as TsinferError).message, reason)
    return
  }
  throw new Error(`expected an error about ${reason}`)
}

test('every tensor finds its role', () => {
  const weights = weightsOf(tinyModel())
  assert.is(weights.layers.length, TINY.layers)
  assert.is(weights.layers[1]!.matrices.down?.name, 'blk.1.ffn_down.weight')
  assert.is(weights.layers[0]!.vectors.qBias, undefined)
  assert.is(weights.output.name, 'output.weight')
  assert.is(weights.ropeFrequencies, undefined)
})

test('what a model may have or lack', () => {
  const model = tinyModel().tensor('output.weight').tensor('rope_freqs.weight', [8])
  model.tensor('blk.1.attn_q.bias', [64]).tensor('blk.1.attn_k.bias', [32]).tensor('blk.1.attn_v.bias', [32])
  const weights = weightsOf(model)
  assert.is(weights.output, weights.tokenEmbedding)
  assert.is(weights.ropeFrequencies?.name, 'rope_freqs.weight')
  assert.is(weights.layers[0]!.vectors.kBias, undefined)
  assert.is(weights.layers[1]!.vectors.kBias?.name, 'blk.1.attn_k.bias')
})

test('a missing tensor is named', () => {
  for (const name of tinyModel().file.tensors.keys()) {
    if (name === 'output.weight') continue
    refused(tinyModel().tensor(name), 'model_invalid', name)
  }
})

test('shapes', () => {
  for (const [name, { dims }] of tinyModel().file.tensors) {
    const grown = [...dims.slice(0, -1), dims.at(-1)! + 1]
    // The embedding defines the vocabulary, so a longer one makes the head too short.
    const shapes = name === 'token_embd.weight' ? [grown, dims] : [dims, grown]
    const reason = `expected a shape of ${shapes[0]!.join(' x ')}, found ${shapes[1]!.join(' x ')}`
    refused(tinyModel().tensor(name, grown), 'model_invalid', reason)
    refused(tinyModel().tensor(name, [...dims, 2]), 'model_invalid', name)
    weightsOf(tinyModel().tensor(name, [...dims, 1]))
  }
  refused(tinyModel().tensor('rope_freqs.weight', [16]), 'model_invalid', 'rope_freqs.weight: expected a shape of 8')
  refused(tinyModel().tensor('blk.0.attn_q.weight', [64]), 'model_invalid', 'expected a shape of 64 x 64, found 64')
})

test('types', () => {
  weightsOf(tinyModel().tensor('blk.0.attn_q.weight', [64, 64], 'Q4_0'))
  const matrix = tinyModel().tensor('blk.0.attn_q.weight', [64, 64], 'Q8_1')
  refused(matrix, 'tensor_type_unsupported', `expected one of the types ${COMPUTABLE_TYPES.join(', ')}, found Q8_1`)
  const norm = tinyModel().tensor('output_norm.weight', [64], 'F16')
  refused(norm, 'tensor_type_unsupported', 'output_norm.weight: expected type F32, found F16')
})

test('types that weights cannot have: refused by name, with what helps', () => {
  const advice = {
    F64: 'to F32 or F16',
    I8: 'integers',
    I16: 'integers',
    I32: 'integers',
    I64: 'integers',
    Q8_1: 'Q8_0',
  }
  for (const [type, words] of Object.entries(advice) as [GgmlTypeName, string][]) {
    for (const [name, dims] of [['blk.0.attn_q.weight', [64, 64]] as const, ['output_norm.weight', [64]] as const]) {
      const model = tinyModel().tensor(name, dims, type)
      refused(model, 'tensor_type_unsupported', `, found ${type}; `)
      refused(model, 'tensor_type_unsupported', words)
    }
  }
})

test('a tensor without a role would be computed without', () => {
  refused(tinyModel().tensor('blk.0.attn_q_norm.weight', [16]), 'model_invalid', 'blk.0.attn_q_norm.weight')
  refused(tinyModel().tensor('blk.2.attn_norm.weight', [64]), 'model_invalid', 'blk.2.attn_norm.weight')
})

test('the embedded models', () => {
  for (const [name, tied] of [
    ['stories260K', false],
    ['stories75K-draft', true],
  ] as const) {
    const file = openGguf(repositoryPath(`cli/models/${name}.gguf`))
    const weights = modelWeights(file, modelConfig(file))
    assert.is(weights.output === weights.tokenEmbedding, tied)
  }
})

sharedTest(test, 'models of other types', 'vectors/parity', (folder) => {
  for (const name of readdirSync(folder).filter((name) => /-(F16|BF16|Q8_0|Q4_0|Q4_K|Q6_K|Q4_K_M)\.gguf$/.test(name))) {
    const file = openGguf(join(folder, name))
    modelWeights(file, modelConfig(file))
  }
})

test.run()
