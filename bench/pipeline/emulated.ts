// A setting on real threads: the engine with its conductor, scheduler, rings, masks and stage workers, over stages and a
// drafter that only take time (timed-forward.ts). Waiting needs no cores, so two cores carry eight stages.

import type { GgufFile } from '../../engine/gguf/file.ts'
import { Engine, loadKernels, type PreparedModel, prepareModel, resolveSampling } from '../../engine/index.ts'
import type { ModelPlan } from '../../engine/model/memory/plan.ts'
import { stageLayout } from '../../engine/model/memory/stage-layout.ts'
import type { DraftFigures } from '../../engine/scheduler/events.ts'
import type { DraftParameters } from '../../engine/speculation/parameters.ts'
import type { TraceRings } from '../../engine/trace/trace-rings.ts'
import { llamaMetadata, llamaTensors } from '../forge/shapes.ts'
import { timeTokens } from '../generation.ts'
import { rightToken, VOCABULARY } from './script.ts'
import { costShape, inFlightMax, type PipelineSetting } from './setting.ts'
import type { TimedSettings } from './timed-forward.ts'

const FORWARD = new URL('./timed-forward.js', import.meta.url).href
/** Rows for which the time of a stage is told. */
const ROWS = 64

export interface EmulatedOptions {
  /** Texts of full length at once. */
  readonly requests?: number
  /** Its rings are readable when the pipeline has been closed; the link to the conductor is the last stage. */
  readonly trace?: (target: ModelPlan, draft: ModelPlan) => TraceRings
}

export interface EmulatedFigures {
  readonly tokS: number
  readonly drafts: DraftFigures
  /** Share of the stages' time spent on rows. */
  readonly utilisation: number
  /** Milliseconds from the cancellation of a micro-batch to the end of a stage's work on it. */
  readonly stopMsP50: number
}

/** An engine whose stages take the time of `setting`, for runs of up to `tokens` tokens. */
export class EmulatedPipeline implements AsyncDisposable {
  readonly #engine: Engine
  readonly #stages: number

  private constructor(engine: Engine, stages: number) {
    this.#engine = engine
    this.#stages = stages
  }

  static async start(
    setting: PipelineSetting,
    tokens: number,
    { requests = 1, trace }: EmulatedOptions = {},
  ): Promise<EmulatedPipeline> {
    const target = emulatedModel(setting, 'target', tokens, requests)
    const draft = emulatedModel(setting, 'drafter', tokens, requests)
    const { rows, stageUs } = costShape(setting, ROWS)
    // The link to the conductor computes nothing.
    const costs = { rows, stageUs: [...stageUs, rows.map(() => 0)] }
    const options = { draft, trace: trace?.(target.plan, draft.plan), costs }
    return new EmulatedPipeline(await Engine.start(target, loadKernels('plain').module, options), setting.stages)
  }

  /** Generates `tokens` tokens; without `draft` plainly. */
  async run(draft: DraftParameters | undefined, tokens: number): Promise<EmulatedFigures> {
    let position = 0
    for await (const event of this.#request(draft, tokens)) {
      if (event.kind === 'token' && event.token !== rightToken(++position)) {
        throw new Error(
          `emulation: expected token ${rightToken(position)} at position ${position}, found ${event.token}`,
        )
      }
      if (event.kind !== 'done') continue
      const { firstTokenMs, lastTokenMs, drafts, whole, stopsUs } = event.figures
      return {
        tokS: ((tokens - 1) * 1000) / (lastTokenMs - firstTokenMs),
        drafts,
        utilisation:
          whole.stageUtilisation.slice(0, this.#stages).reduce((sum, share) => sum + share, 0) / this.#stages,
        stopMsP50: stopsUs.length === 0 ? Number.NaN : stopsUs[stopsUs.length >> 1]! / 1000,
      }
    }
    throw new Error('emulation: a request ended without figures')
  }

  /** Generates `tokens` tokens of a text plainly; when the caller had each. */
  async arrivals(tokens: number): Promise<readonly number[]> {
    const request = this.#request(undefined, tokens)
    const { arrivalsMs } = await timeTokens(
      (async function* () {
        for await (const event of request) if (event.kind === 'token') yield event.token
      })(),
    )
    return arrivalsMs
  }

  #request(draft: DraftParameters | undefined, tokens: number) {
    return this.#engine.request({
      kind: 'generate',
      prompt: Int32Array.of(rightToken(0)),
      parameters: resolveSampling({ temperature: 0 }, VOCABULARY, 0),
      choices: 1,
      tokensMax: tokens,
      stopTokens: [],
      stopStrings: [],
      ...(draft && { draft }),
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#engine.close()
  }
}

/** A model of the setting's stages, as small as one can be, that nobody loads. */
function emulatedModel(
  setting: PipelineSetting,
  model: TimedSettings['model'],
  tokens: number,
  sequences: number,
): PreparedModel {
  const { stages, rowsMax, draftMs, stageMs, hopMs, sliceMs, accuracy, jitter = 0 } = setting
  const isTarget = model === 'target'
  // A link to the conductor that takes time is a stage of its own.
  const layers = isTarget ? stages + (hopMs > 0 ? 1 : 0) : 1
  const context = tokens + 1
  const prepared = prepareModel(headerOnly(layers), { stages: layers, lanes: 1, context, threads: 1, sequences }, 1)
  const rows = Array.from({ length: ROWS + 1 }, (_, count) => count)
  const settings: TimedSettings = {
    model,
    stageMs: rows.map((count) => (isTarget ? stageMs(Math.max(1, count)) : draftMs)),
    hopMs: isTarget ? hopMs : 0,
    sliceMs,
    jitter: isTarget ? jitter : 0,
    accuracy,
  }
  const plan = isTarget ? emulatedPlan(prepared, inFlightMax(setting), rowsMax) : prepared.plan
  return { ...prepared, plan, forward: { href: FORWARD, settings } }
}

/** With room for `inFlightMax` micro-batches everywhere: links hold any number of them. */
function emulatedPlan({ plan, config, weights }: PreparedModel, inFlightMax: number, headRowsMax: number): ModelPlan {
  const sizes = { ...plan.sizes, headRowsMax, cells: plan.sizes.cells + 256 }
  const layouts = plan.stages.map(({ range }) =>
    stageLayout(config, weights, { ...range, inputSlots: inFlightMax }, sizes),
  )
  return { ...plan, stages: layouts, sizes, inFlightMax, spins: { barrier: 0, stage: 0, conductor: 0 } }
}

/** The header of a file that does not exist. */
function headerOnly(layers: number): GgufFile {
  const shape = { width: 64, ffnWidth: 64, layers, heads: 1, kvHeads: 1, words: VOCABULARY }
  const types = { matrices: 'F32', head: 'F32', down: 'F32' } as const
  const numbers = { contextLength: 1 << 16, normEps: 1e-5, ropeBase: 10000, name: 'emulated' }
  const metadata = llamaMetadata(shape, numbers).map(({ key, type, value }) => {
    return [key, { kind: 'scalar', type, value: value as string | number }] as const
  })
  const tensors = llamaTensors(shape, types).map(({ name, type, dims }) => {
    return [
      name,
      { name, type, dims, shard: 0, offset: 0, bytes: dims.reduce((product, dim) => product * dim, 4) },
    ] as const
  })
  return { version: 3, metadata: new Map(metadata), tensors: new Map(tensors), shards: [] }
}
