// Starts the threads of an engine: the conductor, the lanes of the model's pipeline and those of a draft model's.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { ConductorPayload } from '../conductor/conductor.ts'
import type { KernelModule } from '../model/kernels.ts'
import { type ControlLayout, controlLayout, createControl } from '../pipeline/control.ts'
import { pipelineLanes } from '../pipeline/lanes.ts'
import { type Residents, startResidents } from '../pipeline/pool.ts'
import type { CostShape } from '../speculation/costs/cost-shape.ts'
import type { TraceRings } from '../trace/trace-rings.ts'
import type { PreparedModel } from './prepare.ts'

/** What an engine runs. */
export interface ThreadOptions {
  /** A model that drafts for the other. */
  readonly draft?: PreparedModel | undefined
  /** Where a trace goes; readable when the engine has been closed. */
  readonly trace?: TraceRings | undefined
  /** What micro-batches take, or that it is to be measured. Default: live times tell. */
  readonly costs?: CostShape | 'measured' | undefined
}

/** The threads of an engine from the caller's end. */
export interface EngineThreads {
  readonly control: Int32Array<SharedArrayBuffer>
  /** Of the model's pipeline. */
  readonly words: ControlLayout
  readonly draftWords: ControlLayout | undefined
  /** To and from the conductor. */
  readonly port: MessagePort
  readonly residents: Residents
}

export function startThreads(
  model: PreparedModel,
  module: KernelModule,
  { draft, trace, costs }: ThreadOptions,
): EngineThreads {
  const words = controlLayout(model.plan.stages.length)
  const draftWords = draft && controlLayout(draft.plan.stages.length, words)
  const control = createControl(draftWords ?? words)
  const { port1, port2 } = new MessageChannel()
  const target = pipelineLanes(model, { control, words, module, trace: trace?.target })
  const drafting =
    draft &&
    draftWords &&
    pipelineLanes(draft, { control, words: draftWords, module, prefix: 'draft ', trace: trace?.draft })
  const payload: ConductorPayload = {
    control,
    target: target.part,
    draft: drafting?.part,
    port: port2,
    trace: trace?.conductor,
    costs,
  }
  const lanePorts = [target, drafting].flatMap((pipeline) => pipeline?.part.lanePorts.flat() ?? [])
  const residents = startResidents([
    { name: 'conductor', entry: CONDUCTOR, payload, transfer: [port2, ...lanePorts] },
    ...target.lanes,
    ...(drafting?.lanes ?? []),
  ])
  return { control, words, draftWords, port: port1, residents }
}

const CONDUCTOR = new URL('../conductor/conductor.js', import.meta.url)
