// The process in which peers' bench measures tsinfer.
import { readFileSync } from 'node:fs'
import { type GenerateOptions, loadModel, type Model } from '../../index.ts'
import { timeGeneration, timeTokens } from '../generation.ts'
import type { BatchTimes, LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'

const manifest = new URL('../../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }

servePeer(async ({ path, context, sequences, threads }: LoadTask): Promise<LoadedPeer> => {
  const model = await loadModel(path, { context, sequences, threads, experimentalV8: true })
  const { plan, kernels } = model.info
  return {
    version: `tsinfer ${version}`,
    settings: `${plan.text}, ${kernels} kernels`,
    generate: (ids, tokens) => timeGeneration(model, ids, tokens),
    batch: (prompts, tokens) => batch(model, prompts, tokens),
    close: () => model.close(),
  }
})

/** Prompts stay in the cells, where the texts then go on from them. */
async function batch(model: Model, prompts: readonly (readonly number[])[], tokens: number): Promise<BatchTimes> {
  const firsts = await Promise.all(prompts.map((prompt) => generateTimed(model, prompt, { maxTokens: 1 })))
  const texts = await Promise.all(prompts.map((prompt) => generateTimed(model, prompt, { maxTokens: tokens })))
  const { bubble, tokensPerRun } = texts.at(-1)!.stats
  return {
    firstMs: firsts.map(({ arrivalsMs }) => arrivalsMs[0]!),
    arrivalsMs: texts.map(({ arrivalsMs }) => arrivalsMs),
    stages: { count: model.info.plan.stages.length, busyShare: 1 - (bubble ?? 1), rows: tokensPerRun ?? 0 },
  }
}

async function generateTimed(model: Model, prompt: readonly number[], options: GenerateOptions) {
  const generation = model.generate(prompt, { ...options, ignoreEos: true, seed: prompt[0]! })
  const tokens = async function* () {
    for await (const { token } of generation) yield token
  }
  const { arrivalsMs } = await timeTokens(tokens())
  return { arrivalsMs, stats: (await generation.result).stats }
}
