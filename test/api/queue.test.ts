// A queue that is full, as callers see it: who is refused, when there is a place again, and that nothing is lost.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel, TsinferError } from '../../index.ts'
import { EMBEDDED_MODEL } from '../engine/started-engine.ts'

const PROMPT = [1, 403, 407]
/** All sequences that there are, for a long time. */
const ALL = { choices: 32, maxTokens: 250, ignoreEos: true, temperature: 1, seed: 1 } as const
const SHORT = { maxTokens: 3, ignoreEos: true, temperature: 0 } as const
const MESSAGE = 'expected fewer than 1 requests waiting (queueMax), found 1'

const codeOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'taken',
    (error: unknown) => {
      assert.instance(error, TsinferError)
      return (error as TsinferError).code
    },
  )

test('one waits, the next is refused by every method; whoever gives up waiting makes room at once', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 512, kvCells: 32 * 512, queueMax: 1 })
  const order: string[] = []
  const all = model.generate(PROMPT, ALL)
  const running = all.result.finally(() => order.push('all'))
  await all[Symbol.asyncIterator]().next()
  const giveUp = new AbortController()
  const waiting = codeOf(model.generate(PROMPT, { ...SHORT, signal: giveUp.signal }).result)
  const refused = model.generate(PROMPT, SHORT)
  const error = await refused.result.catch((reason: unknown) => reason)
  order.push('refused')
  assert.instance(error, TsinferError)
  assert.equal([(error as TsinferError).code, (error as Error).message], ['queue_full', MESSAGE])
  assert.is(await codeOf(refused[Symbol.asyncIterator]().next()), 'queue_full')
  assert.is(await codeOf(model.score(PROMPT)[Symbol.asyncIterator]().next()), 'queue_full')
  assert.is(await codeOf(model.embed([PROMPT, PROMPT])), 'queue_full')
  giveUp.abort()
  const fourth = model.generate(PROMPT, SHORT).result.finally(() => order.push('fourth'))
  assert.is(await waiting, 'aborted')
  assert.is(await codeOf(model.generate(PROMPT, SHORT).result), 'queue_full')
  order.push('refused again')
  const [result] = await Promise.all([fourth, running])
  assert.equal(order.slice(0, 2), ['refused', 'refused again'], 'while all sequences were taken')
  assert.is(order.length, 4)
  assert.equal(result.choices[0]!.ids, (await model.generate(PROMPT, SHORT).result).choices[0]!.ids)
  assert.is(model.stats().requestsLive, 0)
})

test('a session whose request is refused keeps its text and goes on from it', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 512, kvCells: 4096, queueMax: 1 })
  using session = model.session()
  const text = Array.from({ length: 40 }, (_, i) => 3 + i)
  await model.generate(text, { ...SHORT, session }).result
  const all = model.generate(PROMPT, { ...ALL, maxTokens: 60 })
  await all[Symbol.asyncIterator]().next()
  const waiting = model.generate(PROMPT, SHORT).result
  assert.is(await codeOf(model.generate(text, { ...SHORT, session }).result), 'queue_full')
  await Promise.all([all.result, waiting])
  const { stats } = await model.generate(text, { ...SHORT, session }).result
  assert.is(stats.reusedTokens, text.length - 1)
})

test('embed has more texts than may wait: it sends them as there is room', async () => {
  const texts = Array.from({ length: 150 }, (_, i) => [1, 3 + i, 403, 3 + (i % 7)])
  await using model = await loadModel(EMBEDDED_MODEL, { context: 64, queueMax: 5 })
  await using roomy = await loadModel(EMBEDDED_MODEL, { context: 64 })
  const embeddings = await model.embed(texts)
  assert.equal(embeddings, await roomy.embed(texts))
  for (const i of [0, 77, 149]) assert.equal(embeddings[i], (await model.embed([texts[i]!]))[0], `text ${i}`)
  // One that cannot be embedded ends the call, and the model goes on.
  const tooLong = Array.from({ length: 65 }, () => 3)
  assert.is(await codeOf(model.embed([...texts, tooLong, ...texts])), 'prompt_too_long')
  assert.equal((await model.embed([texts[9]!]))[0], embeddings[9])
})

test.run()
