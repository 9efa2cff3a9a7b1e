// Many requests at once: nobody waits for the worst case of another one, and all end.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../bench/forge/random.ts'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import type { RowCounter } from '../stages/counting-forward.ts'
import { runMixes } from './request-mixes.ts'
import { EMBEDDED_MODEL, generate, startEngine } from './started-engine.ts'

for (const stages of [1, 3]) {
  test(`${stages} stages: in random mixes of requests every text is that of its request alone`, async () => {
    await runMixes(createRandom(stages), 12, stages)
  })
}

test('a second request of unknown length runs beside the first, with cells for one text of full length', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 256, kvCells: 256 })
  const order: string[] = []
  const ask = (name: string, tokensMax: number) =>
    generate(started, [1, 403, 407], { tokensMax }).then(() => order.push(name))
  await Promise.all([ask('long', 250), ask('short', 20)])
  assert.equal(order, ['short', 'long'])
})

test('thirty-two requests of unknown length end, with cells for one text of full length', async () => {
  await using crowded = await startEngine(EMBEDDED_MODEL, { context: 96, kvCells: 96 })
  const prompts = Array.from({ length: 32 }, (_, i) => [1, 3 + i, 40 + i])
  const texts = await Promise.all(prompts.map((prompt) => generate(crowded, prompt, { tokensMax: 200 })))
  for (const i of [0, 9, 20, 31]) {
    assert.equal(texts[i], await generate(crowded, prompts[i]!, { tokensMax: 200 }), `request ${i}`)
  }
})

/** Thirty-two different stories, whose lengths nobody knows; most end with their first line. */
const STORIES = Array.from({ length: 32 }, (_, i) => ({
  prompt: [1, 403, 407, 3 + i],
  how: { tokensMax: 512, sampling: { temperature: 1, seed: i }, stopTokens: i % 4 === 0 ? [1, 2] : [1, 2, 13] },
}))

test('with cells for exactly one text of full length all stories end, and at most 0.15 of the rows are evaluated twice', async () => {
  const counter: RowCounter = new Int32Array(new SharedArrayBuffer(4))
  const href = new URL('../stages/counting-forward.js', import.meta.url).href
  await using started = await startEngine(EMBEDDED_MODEL, { context: 512, kvCells: 512 }, 'auto', {
    ...{ href, settings: counter },
  })
  const texts = await Promise.all(STORIES.map(({ prompt, how }) => generate(started, prompt, how)))
  const rows = counter[0]!
  // The token that ends a text is drawn, and none is evaluated for it; nor is the last of a full context.
  const needed = texts.reduce((sum, [text], i) => sum + STORIES[i]!.prompt.length + text!.length, 0)
  const isFull = ([text]: number[][], i: number) => STORIES[i]!.prompt.length + text!.length === 512
  const again = rows - (needed - texts.filter(isFull).length)
  assert.ok(again >= 0 && again <= 0.15 * rows, `${again} rows of ${rows} were evaluated twice`)
  const lengths = texts.map(([text]) => text!.length)
  assert.ok(Math.max(...lengths) > 2 * Math.min(...lengths), `stories of different lengths: ${lengths}`)
  for (const i of [0, 13, 31]) assert.equal(await generate(started, STORIES[i]!.prompt, STORIES[i]!.how), texts[i])
})

test('with the cells that a model has by default most of thirty-two stories run side by side', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 512 })
  const { engine, vocabularySize } = started
  let [running, most, ended] = [0, 0, 0]
  const tell = async ({ prompt, how }: (typeof STORIES)[number]) => {
    const { sampling, ...rest } = how
    const parameters = resolveSampling(sampling, vocabularySize, 1)
    const request = { kind: 'generate', prompt: Int32Array.from(prompt), parameters, ...rest } as const
    let isRunning = false
    for await (const event of engine.request({ ...request, choices: 1, stopStrings: [] })) {
      if (event.kind === 'token' && !isRunning) most = Math.max(most, ++running)
      isRunning ||= event.kind === 'token'
    }
    running--
    ended++
  }
  await Promise.all(STORIES.map(tell))
  assert.is(ended, 32)
  assert.ok(most >= 24, `${most} ran side by side`)
})

test.run()
