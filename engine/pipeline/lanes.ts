// The threads of a pipeline: one per lane of each stage, and the ports over which the conductor hands them their memories.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { KernelModule } from '../model/kernels.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import type { ForwardSource } from '../model/weights-forward.ts'
import type { ControlLayout } from './control.ts'
import type { Resident } from './pool.ts'
import type { PipelinePart } from './shared-pipeline.ts'
import type { StagePayload } from './stage-worker.ts'

/** What lanes need of a model. */
export interface LaneModel extends Pick<StagePayload, 'config' | 'ropes'> {
  readonly plan: ModelPlan
  readonly file: Pick<StagePayload, 'shards'>
  /** By default kernels over the file's weights. */
  readonly forward?: ForwardSource
}

export interface LaneOptions {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly words: ControlLayout
  readonly module: KernelModule
  /** Of their names. */
  readonly prefix?: string
  /** Where records of a trace go, by stage and lane. */
  readonly trace?: readonly (readonly SharedArrayBuffer[])[] | undefined
}

/** The lanes of a pipeline, and what the conductor knows of it. */
export function pipelineLanes(
  { plan, config, file, ropes, forward = WEIGHTS_FORWARD }: LaneModel,
  { control, words, module, prefix = '', trace }: LaneOptions,
): { readonly part: PipelinePart; readonly lanes: readonly Resident[] } {
  const { stages, sizes, spins } = plan
  const { shards } = file
  const lanes: Resident[] = []
  const lanePorts = stages.map((layout, stage) =>
    Array.from({ length: sizes.lanes }, (_, lane): MessagePort => {
      const { port1, port2 } = new MessageChannel()
      const name = `${prefix}stage ${stage} lane ${lane}`
      const payload: StagePayload = {
        ...{ control, words, module, config, ropes, shards, forward, spins },
        ...{ name, stage, lane, lanes: sizes.lanes },
        ...{ layout, nextLayout: stages[stage + 1], memoryPort: port2, trace: trace?.[stage]?.[lane] },
      }
      lanes.push({ name, entry: STAGE_WORKER, payload, imports: [forward.href], transfer: [port2] })
      return port1
    }),
  )
  return { part: { words, plan, vocabularySize: config.vocabularySize, lanePorts }, lanes }
}

const STAGE_WORKER = new URL('./stage-worker.js', import.meta.url)
const WEIGHTS_FORWARD: ForwardSource = {
  href: new URL('../model/weights-forward.js', import.meta.url).href,
  settings: undefined,
}
