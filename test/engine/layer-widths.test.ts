// Models whose layers differ in heads and FFN width, and files that say one number for all layers by an array.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeRandom } from '../../bench/forge/random-model.ts'
import { RECIPES, WIDTHS_RECIPE, withKeys } from '../../bench/forge/recipes.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { loadModel } from '../../index.ts'
import { runReference } from '../reference/model.ts'
import { behaviour } from './behaviour.ts'
import { temporaryPath } from './gguf/temporary.ts'
import { score, startEngine } from './started-engine.ts'

const IDS = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]
const MODEL = temporaryPath('widths.gguf')
forgeRandom(MODEL, WIDTHS_RECIPE, 'F32')

test('layer widths: logits agree with float64', async () => {
  await using started = await startEngine(MODEL, { context: 64 })
  const expected = runReference(openGguf(MODEL), IDS).logits
  for (const [position, { ids, logits }] of (await score(started, IDS)).entries()) {
    for (const [i, id] of ids.entries()) {
      const error = Math.abs(logits[i]! - expected[position]![id]!)
      assert.ok(error < 1e-3, `position ${position}, token ${id}: ${logits[i]} is off by ${error}`)
    }
  }
})

test('layer widths: the same bits for any stages, lanes, chunks and kernels', async () => {
  const path = temporaryPath('widths-q8.gguf')
  forgeRandom(path, WIDTHS_RECIPE, 'Q8_0')
  const expected = await behaviour(path, IDS, 8, { stages: 1, lanes: 1, chunkRows: 64 }, 'plain')
  for (const [stages, lanes, chunkRows, build] of [
    [1, 3, 1, 'relaxed'],
    [3, 2, 7, 'plain'],
    [2, 5, 64, 'relaxed'],
  ] as const) {
    const found = await behaviour(path, IDS, 8, { stages, lanes, chunkRows }, build)
    assert.equal(found, expected, `${stages} stages, ${lanes} lanes, chunks of ${chunkRows}, ${build}`)
  }
})

test('layer widths: a session is saved by one plan and goes on in another one', async () => {
  const path = temporaryPath('widths.session')
  const options = { maxTokens: 10, temperature: 0 }
  await using one = await loadModel(MODEL, { context: 64, stages: 1, lanes: 1 })
  await using other = await loadModel(MODEL, { context: 64, stages: 3, lanes: 2 })
  using session = one.session()
  const begun = (await one.generate(IDS, { ...options, session }).result).choices[0]!.ids
  await session.save(path)
  const more = [...IDS, ...begun, 17, 403]
  const expected = (await one.generate(more, options).result).choices[0]!.ids
  using restored = other.session()
  await restored.load(path)
  const { choices, stats } = await other.generate(more, { ...options, session: restored }).result
  assert.equal(choices[0]!.ids, expected)
  assert.ok(stats.reusedTokens >= IDS.length, `${stats.reusedTokens} tokens came out of the file`)
})

test('layer widths: an array of equal numbers is that number', async () => {
  const equal = temporaryPath('equal.gguf')
  const plain = temporaryPath('plain.gguf')
  for (const name of ['qwen2', 'gemma3', 'olmo2'] as const) {
    const recipe = RECIPES[name]!
    const layers = (recipe.keys?.block_count?.[1] ?? 3) as number
    const same = (value: number) => ['i32', new Array<number>(layers).fill(value)] as const
    forgeRandom(plain, withKeys(recipe, { feed_forward_length: ['u32', 256] }), 'F16')
    forgeRandom(
      equal,
      withKeys(recipe, {
        feed_forward_length: same(256),
        'attention.head_count': same(4),
        'attention.head_count_kv': same(2),
      }),
      'F16',
    )
    const [found, expected] = [await behaviour(equal, IDS, 4, {}, 'plain'), await behaviour(plain, IDS, 4, {}, 'plain')]
    assert.equal(found, expected, name)
  }
})

test.run()
