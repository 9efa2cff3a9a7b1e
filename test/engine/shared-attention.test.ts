// Fewer KV heads than lanes and many positions: lanes share the chunks of a head, and no bit changes.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeRandom } from '../../bench/forge/random-model.ts'
import { RECIPES, type Recipe, withKeys } from '../../bench/forge/recipes.ts'
import { temporaryPath } from './gguf/temporary.ts'
import { generate, score, startEngine } from './started-engine.ts'

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

test.run()
