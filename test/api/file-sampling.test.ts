// What a model's file says about sampling becomes the defaults of its requests; what ends a text besides.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { fileSampling, openGguf } from '../../engine/index.ts'
import { DEFAULT_SAMPLING, loadModel, type TsinferError } from '../../index.ts'
import { tsinfer } from '../cli/tsinfer.ts'
import { repositoryPath } from '../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-sampling-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const SAMPLING_KEYS = [
  { key: 'general.sampling.temp', type: 'f32', value: 0.6 },
  { key: 'general.sampling.top_k', type: 'i32', value: 20 },
  { key: 'general.sampling.top_p', type: 'f32', value: 0.8 },
  { key: 'general.sampling.min_p', type: 'f32', value: 0 },
  { key: 'general.sampling.penalty_repeat', type: 'f32', value: 1.05 },
  { key: 'general.sampling.penalty_last_n', type: 'i32', value: -1 },
] as const

function modelWith(name: string, keys: Parameters<typeof rewriteModel>[2]): string {
  const path = join(folder, `${name}.gguf`)
  rewriteModel(path, MODEL, keys)
  return path
}

test('general.sampling: the file has the defaults of its requests, and options win', async () => {
  await using model = await loadModel(modelWith('given', SAMPLING_KEYS), { context: 64 })
  const expected = { temperature: 0.6, topK: 20, topP: 0.8, minP: 0, repeatPenalty: 1.05, repeatLastN: -1 }
  assert.equal(model.info.sampling, { ...DEFAULT_SAMPLING, ...expected })
  await using plain = await loadModel(MODEL, { context: 64 })
  assert.equal(plain.info.sampling, DEFAULT_SAMPLING)
  const idsOf = async (from: typeof model, options = {}) =>
    (await from.generate('Once upon a time', { maxTokens: 40, seed: 3, ...options }).result).choices[0]!.ids
  const ids = await idsOf(model)
  assert.equal(ids, await idsOf(plain, expected))
  assert.not.equal(ids, await idsOf(plain))
  assert.equal(await idsOf(model, DEFAULT_SAMPLING), await idsOf(plain))
})

test('suppressed tokens: never drawn, whatever the request says of them', async () => {
  await using plain = await loadModel(MODEL, { context: 64 })
  const options = { maxTokens: 20, temperature: 0 }
  const idsOf = async (from: typeof plain, more: object = {}) =>
    (await from.generate('Once upon a time', { ...options, ...more }).result).choices[0]!.ids
  const banned = [...new Set((await idsOf(plain)).slice(0, 2))]
  const value = [...banned, -1, 512]
  await using model = await loadModel(
    modelWith('suppressing', [{ key: 'tokenizer.ggml.suppress_tokens', type: 'i32', value }]),
    { context: 64 },
  )
  const biasOf = (bias: number) => Object.fromEntries(banned.map((id) => [id, bias]))
  const ids = await idsOf(model)
  assert.equal(
    ids.filter((id) => banned.includes(id)),
    [],
  )
  assert.equal(ids, await idsOf(plain, { logitBias: biasOf(Number.NEGATIVE_INFINITY) }))
  assert.equal(ids, await idsOf(model, { logitBias: biasOf(50) }))
})

test('general.sampling: what cannot be is left out with a notice', async () => {
  const notices: string[] = []
  const path = modelWith('odd', [
    { key: 'general.sampling.temp', type: 'string', value: 'hot' },
    { key: 'general.sampling.top_k', type: 'f32', value: 1.5 },
    { key: 'general.sampling.top_p', type: 'string', value: 'most' },
    { key: 'general.sampling.xtc_probability', type: 'f32', value: 1.5 },
    { key: 'general.sampling.mirostat', type: 'i32', value: 2 },
    { key: 'general.sampling.sequence', type: 'string', value: 'temperature;top_k' },
  ])
  await using model = await loadModel(path, { context: 64, onNotice: (notice) => notices.push(notice) })
  assert.equal(model.info.sampling, DEFAULT_SAMPLING)
  assert.equal(
    notices.filter((notice) => notice.startsWith('general.')),
    [
      'general.sampling.temp: expected a number of at least 0, found "hot": 0.8 is used',
      'general.sampling.top_k: expected an integer of at least 0, found 1.5: 40 is used',
      'general.sampling.top_p: expected a number from 0 to 1, found "most": 0.95 is used',
      'general.sampling.xtc_probability: expected a number from 0 to 1, found 1.5: 0 is used',
      'general.sampling.mirostat: expected 0, found 2: there is no such sampler here',
      'general.sampling.sequence: samplers run in the usual order, found "temperature;top_k"',
    ],
  )
})

test('general.sampling: a temperature or top_k below 0 is 0, as in llama.cpp', () => {
  const { sampling, notices } = fileSampling(
    openGguf(
      modelWith('below', [
        { key: 'general.sampling.temp', type: 'f32', value: -1 },
        { key: 'general.sampling.top_k', type: 'i32', value: -1 },
      ]),
    ).metadata,
  )
  assert.equal(sampling, { ...DEFAULT_SAMPLING, temperature: 0, topK: 0 })
  assert.equal(notices, [])
})

test('general.sampling: --stats shows what was used', async () => {
  const path = modelWith('shown', SAMPLING_KEYS)
  const { stderr } = await tsinfer(['run', path, '-p', 'Once', '-n', '2', '-c', '64', '--top-k', '7', '--stats'])
  assert.match(stderr, /^temperature: 0.6$/m)
  assert.match(stderr, /^top_k: 7$/m)
  assert.match(stderr, /^repeat_penalty: 1.05$/m)
})

test('stop tokens: a stop text that is a control token, and ids', async () => {
  await using model = await loadModel(MODEL, { context: 64 })
  const choiceOf = async (options: object) =>
    (await model.generate('Once', { temperature: 0, maxTokens: 6, ignoreEos: true, ...options }).result).choices[0]!
  // </s> is token 2; the bias makes the model write nothing else.
  const onlyEos = { logitBias: { 2: 1e6 } }
  assert.equal((await choiceOf(onlyEos)).ids, [2, 2, 2, 2, 2, 2])
  for (const stop of ['</s>', ['never', '</s>']]) {
    assert.equal(await choiceOf({ ...onlyEos, stop }), { ids: [], text: '', finishReason: 'stop' })
  }
  assert.is((await choiceOf({ ...onlyEos, stop: '</s' })).finishReason, 'length')
  const { ids } = await choiceOf({})
  const third = ids[2]!
  assert.equal(await choiceOf({ stopIds: [third] }), {
    ...(await choiceOf({ maxTokens: ids.indexOf(third) })),
    finishReason: 'stop',
  })
  const refused = await choiceOf({ stopIds: [512] }).catch((error: TsinferError) => `${error.code} ${error.message}`)
  assert.is(refused, 'option_invalid stopIds: expected token ids below 512, found 512')
})

test('stop tokens: an id that is also text ends constrained text where the value may end', async () => {
  await using model = await loadModel(MODEL, { context: 128 })
  const responseFormat = { type: 'json_schema', schema: { type: 'integer' } } as const
  const digits = await model.tokenize('123', { addBos: false })
  for (const temperature of [0, 1]) {
    const options = { responseFormat, temperature, seed: 1, maxTokens: 30, topK: 0, stopIds: digits.slice(1) }
    const { text } = (await model.generate('I have ', options).result).choices[0]!
    assert.ok(Number.isInteger(JSON.parse(text)), text)
  }
})

test.run()
