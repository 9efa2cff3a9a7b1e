// Attention that shares: where there are fewer KV heads than lanes and many positions, lanes share the chunks of a head, and
// rows that see the same cells read them together. No bit changes.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeRandom } from '../../bench/forge/random-model.ts'
import { RECIPES, type Recipe, WIDTHS_RECIPE, withKeys } from '../../bench/forge/recipes.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { temporaryPath } from './gguf/temporary.ts'
import { generate, type StartedEngine, score, startEngine } from './started-engine.ts'

const CONTEXT = 1200
const PROMPT = Array.from({ length: 1100 }, (_, i) => 3 + ((i * 7919) % 500))
const TOKENS = 12

const KEYS: NonNullable<Recipe['keys']> = {
  context_length: ['u32', CONTEXT],
  block_count: ['u32', 2],
  'attention.head_count_kv': ['u32', 1],
}

async function sameForAnyLanes(name: string, recipe: Recipe): Promise<void> {
  const path = temporaryPath(`${name}.gguf`)
  forgeRandom(path, recipe, 'F16')
  const seen = async (lanes: number, stages: number, chunkRows: number, kvType: 'f16' | 'q8_0') => {
    const options = { context: CONTEXT, lanes, stages, chunkRows, kvTypeK: kvType, kvTypeV: kvType }
    await using started = await startEngine(path, options)
    const ids = await generate(started, PROMPT, { tokensMax: TOKENS })
    const rows = await score(started, PROMPT, PROMPT.length - 4)
    return { ids, logits: rows.map(({ logits }) => [...logits]) }
  }
  for (const kvType of ['f16', 'q8_0'] as const) {
    const expected = await seen(1, 1, 64, kvType)
    assert.equal(await seen(2, 1, 64, kvType), expected, `2 lanes, ${kvType}`)
    assert.equal(await seen(3, 2, 7, kvType), expected, `3 lanes, ${kvType}`)
  }
}

test('one KV head, any number of lanes', () => sameForAnyLanes('one-kv-head', withKeys(RECIPES.qwen2!, KEYS)))

test('one KV head, windows that begin inside a chunk', () =>
  sameForAnyLanes(
    'one-kv-head-windows',
    withKeys(RECIPES.gemma3!, { ...KEYS, 'attention.sliding_window': ['u32', 700] }),
  ))

test('requests that began alike, beside others: the text of each is that alone, for any lanes', async () => {
  // Layers whose KV heads have four, one and six query heads.
  const path = temporaryPath('began-alike.gguf')
  forgeRandom(path, withKeys(WIDTHS_RECIPE, { context_length: ['u32', CONTEXT] }), 'F16')
  const options = { context: CONTEXT, sequences: 3 }
  const draft = resolveDraft('pipe', { pMin: 0, nMax: 6, pSplit: 0 })
  const prompts = [600, 600, 590, 300, 513, 10, 600].map((shared, i) => [...PROMPT.slice(0, shared), 20 + i, 30 + i])
  const write = (started: StartedEngine, i: number) =>
    generate(started, prompts[i]!, { tokensMax: TOKENS, ...(i % 3 === 1 && { draft }) })
  const alone: number[][][] = []
  for (const i of prompts.keys()) {
    await using started = await startEngine(path, { ...options, lanes: 1, chunkRows: 1 })
    alone.push(await write(started, i))
  }
  for (const lanes of [1, 2, 3]) {
    await using started = await startEngine(path, { ...options, lanes })
    // The others then refer to its cells.
    assert.equal(await write(started, 0), alone[0])
    const together = await Promise.all([...prompts.keys()].map((i) => write(started, i)))
    assert.equal(together, alone, `${lanes} lanes`)
  }
})

test.run()
