// What an engine says about a model, to the bit: to be compared over stages, lanes, chunks and kernel builds.
import type { ScoreRow } from '../../engine/messages.ts'
import type { PlanOptions } from '../../engine/model/memory/plan.ts'
import type { KernelBuild } from '../../engine/public/loading.ts'
import { generate, score, startEngine } from './started-engine.ts'

export interface Behaviour {
  readonly ids: readonly number[]
  readonly sampled: readonly number[]
  readonly bits: readonly string[]
}

const bitsOf = (rows: readonly ScoreRow[]): string[] =>
  rows.map(({ ids, logits, logsumexp, nextLogit }) => {
    const numbers = new Float64Array([logsumexp, nextLogit])
    return Buffer.concat([ids, logits, numbers].map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))).toString('hex')
  })

/** Continues `prompt` by `tokens` tokens, greedily and at random, and scores the greedy text. */
export async function behaviour(
  path: string,
  prompt: readonly number[],
  tokens: number,
  options: PlanOptions,
  build: KernelBuild,
): Promise<Behaviour> {
  await using started = await startEngine(path, { ...options, context: 128 }, build)
  const [ids] = await generate(started, prompt, { tokensMax: tokens })
  const [sampled] = await generate(started, prompt, { tokensMax: tokens, sampling: { temperature: 1, seed: 7 } })
  return { ids: ids!, sampled: sampled!, bits: bitsOf(await score(started, [...prompt, ...ids!])) }
}
