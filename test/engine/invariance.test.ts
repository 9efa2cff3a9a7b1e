// The law the whole design rests on: ids and logits do not depend, to the bit, on stages, lanes, chunk size or kernel
// build, nor on what else runs.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sharedTest } from '../shared.ts'
import { behaviour } from './behaviour.ts'
import { EMBEDDED_MODEL, generate, startEngine } from './started-engine.ts'

const PROMPT = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]
const TOKENS = 40

async function sameEverywhere(path: string, stageCounts: readonly number[]): Promise<void> {
  const expected = await behaviour(path, PROMPT, TOKENS, { stages: 1, lanes: 1, chunkRows: 64 }, 'plain')
  assert.is(expected.ids.length, TOKENS)
  assert.is(expected.bits.length, PROMPT.length + TOKENS)
  let next = 0
  for (const stages of stageCounts) {
    for (const lanes of [1, 2]) {
      for (const build of ['plain', 'relaxed'] as const) {
        // Chunk sizes take turns: every one meets every lane count and build.
        const chunkRows = [1, 7, 64][next++ % 3]!
        const found = await behaviour(path, PROMPT, TOKENS, { stages, lanes, chunkRows }, build)
        assert.equal(found, expected, `${stages} stages, ${lanes} lanes, chunks of ${chunkRows}, ${build}`)
      }
    }
  }
}

test('same bits for any stages, lanes, chunks and kernels: F32', () => sameEverywhere(EMBEDDED_MODEL, [1, 2, 3, 5]))

for (const type of ['q8_0', 'q4_0']) {
  sharedTest(test, `same bits everywhere: ${type}`, `models/stories260K/stories260K-${type}.gguf`, (path) =>
    sameEverywhere(path, [1, 2, 3, 5]),
  )
}
sharedTest(test, 'same bits everywhere: Q4_K with Q6_K', 'vectors/parity/wide-Q4_K_M.gguf', (path) =>
  sameEverywhere(path, [1, 2, 3, 5]),
)

test('same bits for any stages, lanes and chunks: other types of K and V cells', async () => {
  const texts = new Set<string>()
  for (const [kvTypeK, kvTypeV] of [
    ['q8_0', 'q8_0'],
    ['q8_0', 'f32'],
    ['f16', 'q8_0'],
  ] as const) {
    const seen = async (stages: number, lanes: number, chunkRows: number, build: 'plain' | 'relaxed') =>
      behaviour(EMBEDDED_MODEL, PROMPT, TOKENS, { stages, lanes, chunkRows, kvTypeK, kvTypeV }, build)
    const expected = await seen(1, 1, 64, 'plain')
    assert.equal(await seen(1, 2, 7, 'relaxed'), expected, `${kvTypeK}, ${kvTypeV}`)
    assert.equal(await seen(3, 2, 1, 'plain'), expected, `${kvTypeK}, ${kvTypeV}`)
    texts.add(JSON.stringify(expected.bits))
  }
  assert.is(texts.size, 3, 'every type rounds differently')
})

test('a request does not see its neighbours', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 128, sequences: 4, stages: 2 })
  const prompts = [[1], PROMPT, [1, 338, 310, 439, 298], PROMPT.slice(0, 4)]
  const run = (prompt: readonly number[], seed: number) =>
    generate(started, prompt, { tokensMax: TOKENS, sampling: { temperature: 0.8, seed } })
  const alone: number[][][] = []
  for (const [seed, prompt] of prompts.entries()) alone.push(await run(prompt, seed))
  const together = await Promise.all(prompts.map((prompt, seed) => run(prompt, seed)))
  assert.equal(together, alone)
})

test('more rows than a prefill chunk decode together', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 128, sequences: 8, chunkRows: 1, lanes: 2 })
  const alone = await generate(started, [1], { tokensMax: TOKENS })
  const eight = await Promise.all(Array.from({ length: 8 }, () => generate(started, [1], { tokensMax: TOKENS })))
  for (const tokens of eight) assert.equal(tokens, alone)
})

test('choices share the prompt and differ by their index only', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 256 })
  const sampling = { temperature: 1, seed: 3 }
  const three = await generate(started, PROMPT, { tokensMax: TOKENS, sampling, choices: 3 })
  const one = await generate(started, PROMPT, { tokensMax: TOKENS, sampling })
  assert.equal(three[0], one[0])
  assert.not.equal(three[1], three[0])
  assert.not.equal(three[2], three[1])
})

test.run()
