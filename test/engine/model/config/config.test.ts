import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../../engine/errors.ts'
import { openGguf } from '../../../../engine/gguf/file.ts'
import type { GgufEntry, ScalarType, ScalarValue } from '../../../../engine/gguf/metadata.ts'
import { modelConfig } from '../../../../engine/model/config/config.ts'
import { repositoryPath, sharedTest } from '../../../shared.ts'
import { type TinyModel, tinyModel } from '../tiny-model.ts'

function refused(model: TinyModel, code: string, reason: string | RegExp): void {
  try {
    modelConfig(model.file)
  } catch (error) {
    assert.instance(error, TsinferError, String(error))
    assert.is((error as TsinferError).code, code)
    assert.match((error as TsinferError).message, reason)
    return
  }
  throw new Error(`expected an error about ${reason}`)
}

test('the embedded model', () => {
  assert.equal(modelConfig(openGguf(repositoryPath('cli/models/stories260K.gguf'))), {
    architecture: 'llama',
    layerCount: 5,
    width: 64,
    ffnWidth: 172,
    activation: 'silu',
    experts: undefined,
    heads: 8,
    kvHeads: 4,
    headDim: 8,
    vocabularySize: 512,
    contextLength: 2048,
    normEps: Math.fround(1e-5),
    attentionScale: 1 / Math.sqrt(8),
    attentionSoftcap: 0,
    logitSoftcap: 0,
    embeddingScale: 1,
    residualScale: 1,
    logitScale: 1,
    layers: Array.from({ length: 5 }, () => ({ heads: 8, kvHeads: 4, ffnWidth: 172, window: undefined, rope: 0 })),
    ropes: [
      {
        base: 10000,
        dimensionCount: 8,
        style: 'adjacent',
        scaling: { kind: 'none' },
        magnitude: 1,
        originalContext: 2048,
      },
    ],
    tokens: { bos: 1, eos: 2, eot: undefined, eom: undefined },
    pooling: undefined,
  })
})

test('defaults and explicit values', () => {
  const config = modelConfig(
    tinyModel()
      .set('llama.attention.head_count_kv', 'u32', undefined)
      .set('llama.attention.key_length', 'u32', 32)
      .set('llama.attention.value_length', 'u32', 32)
      .set('llama.rope.dimension_count', 'u32', 16)
      .set('llama.rope.freq_base', 'f32', 500000)
      .set('llama.rope.scaling.attn_factor', 'f32', 2)
      .set('tokenizer.ggml.eot_token_id', 'u32', 299)
      .set('tokenizer.ggml.eom_token_id', 'i32', -1)
      .set('tokenizer.ggml.bos_token_id', 'u32', 0xffffffff).file,
  )
  assert.is(config.kvHeads, 4)
  assert.is(config.headDim, 32)
  assert.is(config.attentionScale, 1 / Math.sqrt(32))
  assert.equal(config.ropes[0], {
    base: 500000,
    dimensionCount: 16,
    style: 'adjacent',
    scaling: { kind: 'none' },
    magnitude: 2,
    originalContext: 2048,
  })
  assert.equal(config.tokens, { bos: undefined, eos: 2, eot: 299, eom: undefined })
})

test('rope scaling', () => {
  const scaled = (...keys: [string, ScalarType, ScalarValue][]) => {
    const model = tinyModel()
    for (const [key, type, value] of keys) model.set(`llama.rope.${key}`, type, value)
    return modelConfig(model.file).ropes[0]!.scaling
  }
  assert.equal(scaled(['scaling.factor', 'f32', 4]), { kind: 'linear', factor: 4 })
  assert.equal(scaled(['scale_linear', 'f32', 4]), { kind: 'linear', factor: 4 })
  assert.equal(scaled(['scaling.factor', 'f32', 0], ['scale_linear', 'f32', 4]), { kind: 'none' })
  assert.equal(scaled(['scaling.factor', 'f32', 4], ['scaling.type', 'string', 'none']), { kind: 'none' })
  assert.equal(scaled(['scaling.type', 'string', 'yarn'], ['scaling.factor', 'f32', 8]), {
    kind: 'yarn',
    factor: 8,
    originalContext: 2048,
  })
  assert.equal(
    scaled(
      ['scaling.type', 'string', 'llama3'],
      ['scaling.factor', 'f32', 32],
      ['scaling.original_context_length', 'u32', 8192],
      ['scaling.low_freq_factor', 'f32', 2],
    ),
    { kind: 'llama3', factor: 32, lowFrequencyFactor: 2, highFrequencyFactor: 4, originalContext: 8192 },
  )
})

test('every hyper-parameter has bounds', () => {
  const cases: [string, ScalarType, ScalarValue[]][] = [
    ['llama.block_count', 'u32', [0, 513, 2 ** 32 - 1]],
    ['llama.context_length', 'u32', [0, 2 ** 31]],
    ['llama.embedding_length', 'u32', [0, 2 ** 31]],
    ['llama.feed_forward_length', 'i32', [0, -1]],
    ['llama.attention.head_count', 'u32', [0, 3, 65, 2 ** 31]],
    ['llama.attention.head_count_kv', 'u32', [0, 3, 8]],
    ['llama.attention.key_length', 'u32', [0, 2 ** 20]],
    ['llama.attention.value_length', 'u32', [0, 2 ** 20]],
    ['llama.attention.layer_norm_rms_epsilon', 'f32', [0, -1e-5, Number.NaN, Number.POSITIVE_INFINITY]],
    ['llama.rope.dimension_count', 'u32', [0, 7, 18]],
    ['llama.rope.freq_base', 'f32', [0, -1, Number.NaN, Number.POSITIVE_INFINITY]],
    ['llama.rope.scaling.factor', 'f32', [-1, Number.NEGATIVE_INFINITY]],
    ['llama.rope.scaling.attn_factor', 'f32', [0]],
    ['llama.rope.scaling.original_context_length', 'u32', [0]],
    ['tokenizer.ggml.eot_token_id', 'u64', [2n ** 60n]],
    ['llama.block_count', 'f32', [2]],
    ['llama.rope.freq_base', 'u32', [10000]],
    ['llama.rope.scaling.type', 'u8', [1]],
  ]
  for (const [key, type, values] of cases) {
    for (const value of values) refused(tinyModel().set(key, type, value), 'model_invalid', `metadata ${key}: expected`)
  }
})

test('arrays with a number for each layer', () => {
  const { file } = tinyModel()
  const metadata = file.metadata as Map<string, GgufEntry>
  const set = (key: string, items: readonly number[], type: ScalarType = 'u32') => {
    const entry = { kind: 'array', type, count: items.length, offset: 0, bytes: 0, items } as const
    metadata.set(`llama.${key}`, entry)
  }
  set('attention.head_count', [4, 8], 'i32')
  set('attention.head_count_kv', [2, 8])
  set('feed_forward_length', [96, 32])
  const { heads, kvHeads, headDim, ffnWidth, layers } = modelConfig(file)
  assert.equal({ heads, kvHeads, headDim, ffnWidth }, { heads: 8, kvHeads: 8, headDim: 16, ffnWidth: 96 })
  assert.equal(layers, [
    { heads: 4, kvHeads: 2, ffnWidth: 96, window: undefined, rope: 0 },
    { heads: 8, kvHeads: 8, ffnWidth: 32, window: undefined, rope: 0 },
  ])
  for (const [key, items, type] of [
    ['attention.head_count_kv', [2, 3], 'u32'],
    ['attention.head_count_kv', [2, 16], 'u32'],
    ['attention.head_count', [4, 0], 'u32'],
    ['feed_forward_length', [96], 'u32'],
    ['feed_forward_length', [96, 96, 96], 'u32'],
    ['feed_forward_length', [96, -1], 'i32'],
    ['feed_forward_length', [96, 96], 'f32'],
  ] as const) {
    const before = file.metadata.get(`llama.${key}`)!
    set(key, items, type)
    assert.throws(() => modelConfig(file), new RegExp(`metadata llama.${key}: expected`), `${key} ${items}`)
    metadata.set(`llama.${key}`, before)
  }
  metadata.set('llama.expert_count', { kind: 'scalar', type: 'u32', value: 2 })
  metadata.set('llama.expert_used_count', { kind: 'scalar', type: 'u32', value: 1 })
  assert.throws(
    () => modelConfig(file),
    /metadata llama.feed_forward_length: expected experts of one width, found 96, 32/,
  )
})

test('required keys', () => {
  for (const key of [...tinyModel().file.metadata.keys()].filter((key) => !/token|_kv$/.test(key))) {
    refused(tinyModel().set(key, 'u32', undefined), 'model_invalid', `metadata ${key}: expected`)
  }
})

test('what we cannot compute is named', () => {
  const other = tinyModel().set('general.architecture', 'string', 'mamba\n2')
  refused(other, 'architecture_unsupported', /expected an architecture we compute \(llama, .*\), found "mamba\\n2"/)
  refused(tinyModel().set('llama.attention.value_length', 'u32', 8), 'architecture_unsupported', '16 and 8')
  const long = tinyModel().set('llama.rope.scaling.type', 'string', 'dynamic')
  refused(long, 'architecture_unsupported', 'found "dynamic"')
})

test('keys that change what is computed, and that we do not follow, are refused by name', () => {
  const cases: [string, string, ScalarType, ScalarValue, ScalarValue][] = [
    ['qwen2', 'attention.causal', 'bool', false, true],
    ['granite', 'rope.scaling.finetuned', 'bool', false, true],
    ['llama', 'expert_group_count', 'u32', 2, 1],
    ['qwen3', 'nextn_predict_layers', 'u32', 1, 0],
    ['gemma3', 'attention.key_length_swa', 'u32', 8, 16],
    ['gemma2', 'attention.value_length_swa', 'u32', 8, 16],
    ['olmo2', 'rope.dimension_count_swa', 'u32', 8, 16],
  ]
  for (const [architecture, part, type, foreign, ours] of cases) {
    const windowed = () => tinyModel(architecture).set(`${architecture}.attention.sliding_window`, 'u32', 8)
    const model = (value: ScalarValue) => windowed().set(`${architecture}.${part}`, type, value)
    modelConfig(model(ours).file)
    refused(model(foreign), 'architecture_unsupported', `metadata ${architecture}.${part}: expected`)
  }
})

test('keys that llama.cpp does not read for an architecture change nothing', () => {
  for (const [architecture, part, value] of [
    ['llama', 'attention.scale', 0.25],
    ['llama', 'embedding_scale', 3],
    ['qwen3', 'final_logit_softcapping', 5],
    ['gemma3', 'attn_logit_softcapping', 5],
    ['olmo2', 'rope.freq_base_swa', 500],
    ['qwen2', 'rope.scaling.yarn_beta_fast', 8],
  ] as const) {
    const model = () => tinyModel(architecture).set(`${architecture}.attention.sliding_window`, 'u32', 8)
    assert.equal(
      modelConfig(model().set(`${architecture}.${part}`, 'f32', value).file),
      modelConfig(model().file),
      `${architecture}.${part}`,
    )
  }
})

test('factors of granite: 0 is none', () => {
  const config = (value: number) => {
    const model = tinyModel('granite').set('granite.logit_scale', 'f32', 4)
    for (const part of ['embedding_scale', 'residual_scale', 'attention.scale']) {
      model.set(`granite.${part}`, 'f32', value)
    }
    const { embeddingScale, residualScale, attentionScale, logitScale } = modelConfig(model.file)
    return { embeddingScale, residualScale, attentionScale, logitScale }
  }
  assert.equal(config(0.5), { embeddingScale: 0.5, residualScale: 0.5, attentionScale: 0.5, logitScale: 0.25 })
  assert.equal(config(0), { embeddingScale: 1, residualScale: 1, attentionScale: 0.25, logitScale: 0.25 })
})

test('the vocabulary is what the embedding and the token list agree on', () => {
  refused(tinyModel().tensor('token_embd.weight'), 'model_invalid', 'token_embd.weight, found none')
  refused(tinyModel().tensor('token_embd.weight', [64, 0]), 'model_invalid', 'token_embd.weight: expected 1 to')
  const model = tinyModel()
  const tokens = { kind: 'array', type: 'string', count: 299, offset: 0, bytes: 0, items: undefined } as const
  ;(model.file.metadata as Map<string, unknown>).set('tokenizer.ggml.tokens', tokens)
  refused(model, 'model_invalid', 'token_embd.weight has rows (300), found 299')
})

sharedTest(test, 'a file with a vocabulary only', 'vectors/vocab/ggml-vocab-llama-bpe.gguf', (path) => {
  assert.throws(() => modelConfig(openGguf(path)), /expected a model, found a vocabulary/)
})

test.run()
