// Records what llama.cpp computes for the small models of every recipe: its greedy path and the probabilities of its
// five best tokens. The tests forge the same models and compare, without llama.cpp.
import { join } from 'node:path'
import { defineCommand } from '../../cli/shell/command.ts'
import type { Pooling } from '../../engine/index.ts'
import type { ForgedType } from '../forge/quantize.ts'
import { forgeRandom } from '../forge/random-model.ts'
import { RECIPES, type Recipe, withKeys } from '../forge/recipes.ts'
import type { Llama, Sequence } from '../peers/library.ts'
import { bestTokens, type Recorder, record, recordedNames } from './llama.ts'
import { EMBEDDED_IDS, PARITY_CONTEXT, type ParityRun, POOLINGS, parityPrompts, parityTypes } from './parity-cases.ts'

const TOP = 5

export const command = defineCommand({
  usage: '[RECIPE ...]',
  positionalsMax: 100,
  options: {},
  async run({ positionals }) {
    const names = recordedNames(positionals, Object.keys(RECIPES))
    await record(async (recorder) => {
      for (const name of names) await recordRecipe(recorder, name)
    })
  },
})

async function recordRecipe({ llama, folder, save }: Recorder, name: string): Promise<void> {
  const path = join(folder, `${name}.gguf`)
  const runs: Partial<Record<ForgedType, ParityRun[]>> = {}
  for (const type of parityTypes(name)) {
    forgeRandom(path, RECIPES[name]!, type)
    const model = await llama.loadModel({ modelPath: path, useMmap: false })
    const context = await model.createContext({ contextSize: PARITY_CONTEXT, threads: { ideal: 1, min: 1 } })
    const sequence = context.getSequence()
    runs[type] = []
    for (const { ids, steps } of parityPrompts(name, type)) {
      await sequence.clearHistory()
      runs[type].push({ prompt: ids, steps: await follow(sequence, ids, steps) })
    }
    await context.dispose()
    await model.dispose()
  }
  const embeddings: Partial<Record<Pooling, number[]>> = {}
  for (const [pooling, number] of POOLINGS) {
    embeddings[pooling] = await embed(llama, withKeys(RECIPES[name]!, { pooling_type: ['u32', number] }), path)
  }
  const bytes = save(`parity/${name}`, { context: PARITY_CONTEXT, runs, embeddings })
  console.log(`${name}: ${bytes} bytes`)
}

async function embed(llama: Llama, recipe: Recipe, path: string): Promise<number[]> {
  forgeRandom(path, recipe, 'F16')
  const model = await llama.loadModel({ modelPath: path, useMmap: false })
  const context = await model.createEmbeddingContext({ contextSize: PARITY_CONTEXT, threads: 1 })
  const { vector } = await context.getEmbeddingFor(EMBEDDED_IDS)
  await context.dispose()
  await model.dispose()
  return vector.map((value) => Number(value.toPrecision(5)))
}

/** The best tokens and their probabilities after the prompt and along the greedy path. */
async function follow(sequence: Sequence, prompt: readonly number[], steps: number): Promise<number[][]> {
  const found: number[][] = []
  let input = prompt
  for (let step = 0; step < steps; step++) {
    const best = await bestTokens(sequence, input, TOP)
    found.push(best)
    input = [best[0]!]
  }
  return found
}
