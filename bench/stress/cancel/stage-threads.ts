// The stages of a pipeline on their threads, without a conductor: a bench or test submits, cancels and takes results itself.
import { availableParallelism } from 'node:os'
import {
  type MicroBatch,
  type MicroBatchNumber,
  NO_STATE_SLOT,
  type Row,
  type RunId,
  type SequenceId,
} from '../../../engine/domain.ts'
import { openGguf } from '../../../engine/gguf/file.ts'
import { enableRelaxedSimd, loadKernels } from '../../../engine/load/kernel-builds.ts'
import { type PreparedModel, prepareModel } from '../../../engine/load/prepare.ts'
import type { PlanOptions } from '../../../engine/model/memory/plan.ts'
import type { ForwardSource } from '../../../engine/model/weights-forward.ts'
import {
  CLOSING,
  type ControlLayout,
  controlLayout,
  createControl,
  endPipeline,
} from '../../../engine/pipeline/control.ts'
import { pipelineLanes } from '../../../engine/pipeline/lanes.ts'
import type { Returned } from '../../../engine/pipeline/pipeline.ts'
import { type Residents, startResidents } from '../../../engine/pipeline/pool.ts'
import { SharedPipeline } from '../../../engine/pipeline/shared-pipeline.ts'
import { createTraceRings, type LaneRings } from '../../../engine/trace/trace-rings.ts'

const WAIT_MS = 20_000

export interface Answer {
  readonly number: number
  /** When a stage stopped in the middle of it, 0 where none did; see clock.ts. */
  readonly stoppedUs: number
  /** The best token behind each row; undefined for rows without a result. */
  readonly tokens: readonly (number | undefined)[]
}

export class StageThreads implements AsyncDisposable {
  readonly #model: PreparedModel
  readonly #control: Int32Array<SharedArrayBuffer>
  readonly #layout: ControlLayout
  readonly #residents: Residents
  readonly #pipeline: SharedPipeline
  /** What the lanes of each stage recorded; to be read when they have ended. */
  readonly trace: LaneRings
  /** Of each micro-batch in flight. */
  readonly #rows = new Map<number, number>()
  #nextNumber = 0
  #isClosed = false

  private constructor(model: PreparedModel) {
    const { stages } = model.plan
    this.#model = model
    this.#layout = controlLayout(stages.length)
    this.#control = createControl(this.#layout)
    this.trace = createTraceRings(model.plan, undefined).target
    const { module } = loadKernels('auto')
    const { part, lanes } = pipelineLanes(model, {
      control: this.#control,
      words: this.#layout,
      module,
      trace: this.trace,
    })
    this.#residents = startResidents(lanes)
    this.#pipeline = new SharedPipeline(this.#control, part)
  }

  static async start(path: string, options: PlanOptions, forward: ForwardSource): Promise<StageThreads> {
    enableRelaxedSimd()
    const model = { ...prepareModel(openGguf(path), options, availableParallelism()), forward }
    const { stages, sizes } = model.plan
    const threads = new StageThreads(model)
    const count = stages.length * sizes.lanes
    await threads.#until(() => Atomics.load(threads.#control, threads.#layout.ready) === count)
    return threads
  }

  /** Stages and lanes. */
  get plan(): string {
    const { stages, sizes } = this.#model.plan
    return `${stages.length} stages of ${sizes.lanes} lanes`
  }

  get firstLayers(): number[] {
    return this.#model.plan.stages.map(({ range }) => range.first)
  }

  /** A micro-batch of rows at the first position of different sequences. `isDead`: cancelled before anybody sees it. */
  submit(rows: number, isDead = false): number {
    const number = this.#nextNumber++ as MicroBatchNumber
    const run = number as number as RunId
    const microBatch = rowsBatch(number, rows)
    this.#rows.set(number, rows)
    this.#pipeline.place({ kind: 'submit', microBatch, purpose: 'decode', runFirst: run, runLast: run })
    if (isDead) this.cancel(number)
    this.#pipeline.publish()
    return number
  }

  cancel(number: number, groups = -1): void {
    this.#pipeline.cancel(number as MicroBatchNumber, groups)
  }

  /** Waits for the next micro-batch that has left the pipeline. */
  async returned(): Promise<Answer> {
    let returned: Returned | undefined
    await this.#until(() => {
      returned = this.#pipeline.collect()
      return returned !== undefined
    })
    const { number, stoppedUs } = returned!
    const token = (row: number) => (returned!.has(row) ? returned!.row(row).ids[0] : undefined)
    const tokens = Array.from({ length: this.#rows.get(number)! }, (_, row) => token(row))
    this.#rows.delete(number)
    this.#pipeline.release()
    return { number, stoppedUs, tokens }
  }

  async #until(isDone: () => boolean): Promise<void> {
    const endMs = performance.now() + WAIT_MS
    while (!isDone()) {
      if (performance.now() > endMs) throw new Error('the stages are stuck')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    endPipeline(this.#control, this.#layout, CLOSING)
    await this.#residents.close(2000)
  }
}

function rowsBatch(number: MicroBatchNumber, count: number): MicroBatch {
  const rows = Array.from({ length: count }, (_, index): Row => {
    const cell = (number * 8 + index) % 64
    return {
      token: 1 + index,
      sequence: index as SequenceId,
      position: 0,
      cell: cell as Row['cell'],
      committedLength: 0,
      ancestors: [],
      head: 'best',
      group: index,
      stateSlot: NO_STATE_SLOT,
    }
  })
  return { number, rows }
}
