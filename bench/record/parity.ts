// Records what llama.cpp computes for the small models of every recipe: its greedy path and the probabilities of its
// five best tokens. The tests forge the same models and compare, without llama.cpp.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineCommand } from '../../cli/shell/command.ts'
import { type Pooling, TsinferError } from '../../engine/index.ts'
import type { ForgedType } from '../forge/quantize.ts'
import { forgeRandom } from '../forge/random-model.ts'
import { RECIPES, type Recipe, withKeys } from '../forge/recipes.ts'
import { type Library, type Llama, type Sequence, startLibrary } from '../peers/library.ts'
import { EMBEDDED_IDS, PARITY_CONTEXT, type ParityRun, POOLINGS, parityPrompts, parityTypes } from './parity-cases.ts'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/parity/', import.meta.url))
const TOP = 5

export const command = defineCommand({
  usage: '[RECIPE ...]',
  positionalsMax: 100,
  options: {},
  async run({ positionals }) {
    const names = positionals.length > 0 ? positionals : Object.keys(RECIPES)
    const unknown = names.find((name) => RECIPES[name] === undefined)
    if (unknown !== undefined) {
      throw new TsinferError(
        'option_invalid',
        `expected recipes of ${Object.keys(RECIPES).join(', ')}, found ${unknown}`,
      )
    }
    const library = await startLibrary(1)
    const folder = mkdtempSync(join(tmpdir(), 'tsinfer-parity-'))
    mkdirSync(FIXTURES, { recursive: true })
    try {
      for (const name of names) await record(library, name, join(folder, `${name}.gguf`))
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
})

async function record({ llama, version }: Library, name: string, path: string): Promise<void> {
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
  const oracle = `llama.cpp ${llama.llamaCppRelease.release} through node-llama-cpp ${version}`
  const text = `${JSON.stringify({ oracle, context: PARITY_CONTEXT, runs, embeddings })}\n`
  writeFileSync(join(FIXTURES, `${name}.json`), text)
  console.log(`${name}: ${text.length} bytes`)
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
    const next = input.map((id, i) => (i < input.length - 1 ? id : ([id, { generateNext: { logits: true } }] as const)))
    const logits = (await sequence.controlledEvaluate(next)).at(-1)?.next.logits
    if (logits === undefined) throw new Error('expected logits, found none')
    const best = [...logits].sort(([, a], [, b]) => b - a)
    const total = best.reduce((sum, [, logit]) => sum + Math.exp(logit - best[0]![1]), 0)
    found.push(
      best.slice(0, TOP).flatMap(([id, logit]) => [id, Number((Math.exp(logit - best[0]![1]) / total).toFixed(6))]),
    )
    input = [best[0]![0]]
  }
  return found
}
