// Starts the engine on a model file for tests of the whole pipeline, and takes what it says.
import { Engine } from '../../engine/engine.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { enableRelaxedSimd, loadKernels } from '../../engine/load/kernel-builds.ts'
import { prepareModel } from '../../engine/load/prepare.ts'
import type { ScoreRow } from '../../engine/messages.ts'
import type { PlanOptions } from '../../engine/model/memory/plan.ts'
import type { ForwardSource } from '../../engine/model/weights-forward.ts'
import type { SamplingOptions } from '../../engine/public/generation.ts'
import type { KernelBuild } from '../../engine/public/loading.ts'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import type { DraftParameters } from '../../engine/speculation/parameters.ts'
import { repositoryPath } from '../shared.ts'

export const EMBEDDED_MODEL = repositoryPath('cli/models/stories260K.gguf')

export interface StartedEngine extends AsyncDisposable {
  readonly engine: Engine
  readonly vocabularySize: number
}

export async function startEngine(
  path: string,
  options: PlanOptions = {},
  build: KernelBuild | 'auto' = 'auto',
  forward?: ForwardSource,
): Promise<StartedEngine> {
  enableRelaxedSimd()
  const model = prepareModel(openGguf(path), options, 2)
  const engine = await Engine.start({ ...model, ...(forward && { forward }) }, loadKernels(build).module)
  const { vocabularySize } = model.config
  return { engine, vocabularySize, [Symbol.asyncDispose]: () => engine.close() }
}

export interface Continuation {
  readonly tokensMax: number
  readonly sampling?: SamplingOptions
  readonly choices?: number
  readonly stopTokens?: readonly number[]
  readonly signal?: AbortSignal
  readonly draft?: DraftParameters
}

/** The tokens of every choice. */
export async function generate(
  { engine, vocabularySize }: StartedEngine,
  prompt: readonly number[],
  { tokensMax, sampling = { temperature: 0 }, choices = 1, stopTokens = [], signal, draft }: Continuation,
): Promise<number[][]> {
  const tokens: number[][] = Array.from({ length: choices }, () => [])
  const request = {
    kind: 'generate',
    prompt: Int32Array.from(prompt),
    parameters: resolveSampling(sampling, vocabularySize, 1),
    choices,
    tokensMax,
    stopTokens,
    stopStrings: [],
    ...(draft && { draft }),
  } as const
  for await (const event of engine.request(request, signal)) {
    if (event.kind === 'token') tokens[event.choice]!.push(event.token)
  }
  return tokens
}

/** The distributions after positions `from ..`, with all tokens that can be reported. */
export async function score({ engine }: StartedEngine, ids: readonly number[], from = 0): Promise<ScoreRow[]> {
  const rows: ScoreRow[] = []
  const request = { kind: 'score', prompt: Int32Array.from(ids), from, top: 64 } as const
  for await (const event of engine.request(request)) if (event.kind === 'score') rows.push(event.row)
  return rows
}
