// Many requests at once: nobody waits for the worst case of another one, and all end.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../bench/forge/random.ts'
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

test.run()
