// Embeddings of texts: pooling, length, order, and what is refused.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { TsinferError } from '../../engine/errors.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { loadModel, type Model } from '../../index.ts'
import { temporaryPath } from '../engine/gguf/temporary.ts'
import { EMBEDDED_MODEL } from '../engine/started-engine.ts'
import { runReference } from '../reference/model.ts'

const IDS = [1, 403, 407, 261, 378, 432, 383]
const reference = runReference(openGguf(EMBEDDED_MODEL), IDS)

const unit = (vector: ArrayLike<number>) => {
  const length = Math.sqrt(Array.from(vector).reduce((sum, value) => sum + value * value, 0))
  return Array.from(vector, (value) => value / length)
}
const mean = (vectors: readonly Float64Array[]) =>
  vectors[0]!.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length)

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < actual.length; i++) assert.ok(Math.abs(actual[i]! - expected[i]!) < 1e-4, `${what}: element ${i}`)
}

async function refuses(answer: Promise<unknown>, code: string): Promise<void> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.instance(error, TsinferError)
  assert.is((error as TsinferError).code, code)
}

const embedded = (options: object = {}): Promise<Model> => loadModel(EMBEDDED_MODEL, { context: 64, ...options })

test('every pooling is what the head reads', async () => {
  await using model = await embedded()
  const embed = async (pooling: 'mean' | 'last' | 'cls') =>
    (await model.embed([IDS], { pooling, normalize: false }))[0]!
  assertClose(await embed('mean'), mean(reference.embeddings), 'mean')
  assertClose(await embed('last'), reference.embeddings.at(-1)!, 'last')
  assertClose(await embed('cls'), reference.embeddings[0]!, 'cls')
})

test('by default the mean, of length 1; texts as tokenize has them', async () => {
  await using model = await embedded()
  const text = 'Once upon a time'
  const [ofIds, ofText, ofItsIds] = await model.embed([IDS, text, await model.tokenize(text)])
  assertClose(ofIds!, unit(mean(reference.embeddings)), 'mean')
  assert.equal(ofText, ofItsIds)
  assert.equal(await model.embed([]), [])
})

test('the pooling a file names is the default', async () => {
  const path = temporaryPath('last.gguf')
  rewriteModel(path, EMBEDDED_MODEL, [{ key: 'llama.pooling_type', type: 'u32', value: 3 }])
  await using model = await loadModel(path, { context: 64 })
  const [byDefault, last] = [await model.embed([IDS]), await model.embed([IDS], { pooling: 'last' })]
  assert.equal(byDefault, last)
})

test('pooling_type: a ranker is refused by name unless a pooling is asked for, and still writes text', async () => {
  for (const [number, found] of [
    [4, /pooling of mean, last, cls, found a file whose pooling_type is rank \(4\)/],
    [9, /pooling_type is 9/],
  ] as const) {
    const path = temporaryPath(`pooling-${number}.gguf`)
    rewriteModel(path, EMBEDDED_MODEL, [{ key: 'llama.pooling_type', type: 'u32', value: number }])
    await using model = await loadModel(path, { context: 64 })
    const refused = await model.embed([IDS]).catch((reason: unknown) => reason)
    assert.instance(refused, TsinferError)
    assert.is((refused as TsinferError).code, 'architecture_unsupported')
    assert.match((refused as TsinferError).message, found)
    assertClose((await model.embed([IDS], { pooling: 'mean' }))[0]!, unit(mean(reference.embeddings)), 'mean')
    assert.is((await model.generate(IDS, { maxTokens: 3 }).result).choices[0]!.ids.length, 3)
  }
})

test('a text ends with EOS where the model wants one', async () => {
  const path = temporaryPath('eos.gguf')
  rewriteModel(path, EMBEDDED_MODEL, [{ key: 'tokenizer.ggml.add_eos_token', type: 'bool', value: true }])
  await using model = await loadModel(path, { context: 64 })
  const text = 'Once upon a time'
  const [ofText, ofIds] = await model.embed([text, [...(await model.tokenize(text)), 2]])
  assert.equal(ofText, ofIds)
})

test('the same bits for any stages, lanes and chunks, alone and beside others', async () => {
  await using one = await embedded({ stages: 1, lanes: 1 })
  await using other = await embedded({ stages: 3, lanes: 2, chunkRows: 2, sequences: 3 })
  const texts = [IDS, [1], IDS.slice(2), 'a little dog', IDS]
  const expected = await one.embed(texts)
  assert.equal(await other.embed(texts), expected)
  const generated = other.generate(IDS, { maxTokens: 20, temperature: 0 })
  assert.equal(await other.embed(texts), expected)
  assert.is((await generated.result).choices[0]!.ids.length, 20)
})

test('what cannot be embedded', async () => {
  await using model = await embedded()
  await refuses(model.embed([[]]), 'prompt_invalid')
  await refuses(model.embed([[1, 512]]), 'prompt_invalid')
  await refuses(model.embed([new Array(65).fill(1)]), 'prompt_too_long')
  await refuses(model.embed([IDS], { pooling: 'max' as 'mean' }), 'option_invalid')
  await refuses(model.embed([IDS], { signal: AbortSignal.abort() }), 'aborted')
  const [after] = await model.embed([IDS])
  assertClose(after!, unit(mean(reference.embeddings)), 'afterwards')
})

test.run()
