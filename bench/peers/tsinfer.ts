// The process in which peers' bench measures tsinfer.
import { readFileSync } from 'node:fs'
import { loadModel, type Model } from '../../index.ts'
import { LiveText, timeGeneration } from '../generation.ts'
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

/** Prompts stay in the cells, where the texts then go on from them. The last text ends first, so its figures are of all. */
async function batch(model: Model, prompts: readonly (readonly number[])[], tokens: number): Promise<BatchTimes> {
  const firsts = prompts.map((prompt) => new LiveText(model, prompt, { maxTokens: 1 }))
  await Promise.all(firsts.map(({ result }) => result))
  const last = prompts.length - 1
  const texts = prompts.map((prompt, i) => new LiveText(model, prompt, i === last ? { maxTokens: tokens } : {}))
  const { bubble, tokensPerRun } = (await texts[last]!.result).stats
  for (const text of texts) text.leave()
  return {
    firstMs: firsts.map(({ firstMs }) => firstMs),
    arrivalsMs: texts.map(({ arrivalsMs }) => arrivalsMs),
    stages: { count: model.info.plan.stages.length, busyShare: 1 - (bubble ?? 1), rows: tokensPerRun ?? 0 },
  }
}
