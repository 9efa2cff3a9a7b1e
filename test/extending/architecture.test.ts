// An architecture is one new file and a place in the list: llama whose branches add half of what they compute. It is added
// to a copy of the repository, forged a model, and run through the whole engine.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeRandom } from '../../bench/forge/random-model.ts'
import { RECIPES, withKeys } from '../../bench/forge/recipes.ts'
import { behaviour } from '../engine/behaviour.ts'
import { temporaryPath } from '../engine/gguf/temporary.ts'
import { copyTree } from './copied-tree.ts'

const HALVED = `// Llama whose branches add half of what they compute.
import { attention } from '../blocks/attention.ts'
import { feedForward } from '../blocks/feed-forward.ts'
import { ATTENTION_NORM, FFN_NORM, residual } from '../blocks/residual.ts'
import type { Architecture } from './architecture.ts'

const half = () => 0.5
const LAYER = [
  residual(attention(), { before: ATTENTION_NORM }, half),
  residual(feedForward(), { before: FFN_NORM }, half),
]

export const HALVED: Architecture = {
  name: 'halved',
  ropeStyle: 'adjacent',
  activation: 'silu',
  layer: () => LAYER,
}
`
const LIST = 'engine/model/architectures/list.ts'
const IDS = [1, 403, 407, 261, 378, 432, 383, 286]
const PLAN = { stages: 2, lanes: 2, chunkRows: 3 }
const optional = RECIPES['llama-biases']!.optional!

const SCRIPT = `
const { forgeRandom } = await import('./dist/bench/forge/random-model.js')
const { behaviour } = await import('./dist/test/engine/behaviour.js')
const path = process.argv[1]
forgeRandom(path, { architecture: 'halved', optional: ${JSON.stringify(optional)} }, 'Q8_0')
console.log(JSON.stringify(await behaviour(path, ${JSON.stringify(IDS)}, 8, ${JSON.stringify(PLAN)}, 'plain')))
`

/** What a model of the repository's own says that has the same numbers and the residual scale of granite's files. */
async function ownBehaviour(residualScale: number) {
  const path = temporaryPath(`scaled-${residualScale}.gguf`)
  const recipe = withKeys({ architecture: 'granite', optional }, { residual_scale: ['f32', residualScale] })
  forgeRandom(path, recipe, 'Q8_0')
  return behaviour(path, IDS, 8, PLAN, 'plain')
}

test('an architecture is a file that composes blocks, and a place in the list', async () => {
  const tree = copyTree()
  try {
    tree.write('engine/model/architectures/halved.ts', HALVED)
    tree.addLine(LIST, "from './granite.ts'", "import { HALVED } from './halved.ts'")
    tree.write(LIST, tree.read(LIST).replace('[LLAMA,', '[LLAMA, HALVED,'))
    await tree.build()
    const found = JSON.parse(await tree.node('--input-type=module', '-e', SCRIPT, tree.path('halved.gguf')))
    assert.equal(found, await ownBehaviour(0.5))
    assert.not.equal(found, await ownBehaviour(1))
  } finally {
    tree.remove()
  }
})

test.run()
