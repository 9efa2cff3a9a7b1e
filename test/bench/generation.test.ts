// Texts that are written beside others, as benches follow them.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freshPrompt, LiveText } from '../../bench/generation.ts'
import { loadModel, TsinferError } from '../../index.ts'
import { repositoryPath } from '../shared.ts'

test('a text is waited for until it has so many tokens, or has ended', async () => {
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'), { context: 64, sequences: 2 })
  const text = new LiveText(model, [1], { maxTokens: 5 })
  await text.has(3)
  assert.ok(text.arrivalsMs.length >= 3)
  await text.has(2)
  assert.is((await text.result).stats.tokens, 5)
  assert.is(text.arrivalsMs.length, 5)
  assert.ok(text.firstMs > 0)
  let message = ''
  await text.has(6).catch((error: Error) => {
    message = error.message
  })
  assert.is(message, 'expected a text of 6 tokens, found one that ended after 5')
})

test('prompts share nothing by accident', async () => {
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'), { context: 64, sequences: 4 })
  const texts = Array.from({ length: 4 }, () => new LiveText(model, freshPrompt(model, 40), { maxTokens: 1 }))
  for (const text of texts) assert.is((await text.result).stats.reusedTokens, 0)
})

test('a text that is left ends, and nobody has to look', async () => {
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'), { context: 512, sequences: 2 })
  const [left, other] = [new LiveText(model, [1]), new LiveText(model, [1, 2], { maxTokens: 20 })]
  await left.has(1)
  left.leave()
  assert.is((await other.result).stats.tokens, 20)
  const ended = await left.result.catch((error: unknown) => error)
  assert.ok(ended instanceof TsinferError && ended.code === 'aborted')
  assert.is(model.stats().requestsLive, 0)
})

test.run()
