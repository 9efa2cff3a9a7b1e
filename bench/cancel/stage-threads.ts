// The stages of a pipeline on their threads, without a conductor: a bench or test submits, cancels and takes results itself.
import { availableParallelism } from 'node:os'
import type { MicroBatch, MicroBatchNumber, Row, SequenceId } from '../../engine/domain.ts'
import { pipelineResidents } from '../../engine/engine.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { enableRelaxedSimd, loadKernels } from '../../engine/kernel-builds.ts'
import type { PlanOptions } from '../../engine/model/plan.ts'
import type { ForwardSource } from '../../engine/model/weights-forward.ts'
import { encodeMicroBatch } from '../../engine/pipeline/codec.ts'
import {
  CLOSING,
  type ControlLayout,
  controlLayout,
  createControl,
  endPipeline,
} from '../../engine/pipeline/control.ts'
import { armMask, clearMask } from '../../engine/pipeline/masks.ts'
import { handOutMemories } from '../../engine/pipeline/memories.ts'
import { type Residents, startResidents } from '../../engine/pipeline/pool.ts'
import { Results } from '../../engine/pipeline/results.ts'
import { Ring } from '../../engine/pipeline/ring.ts'
import { type PreparedModel, prepareModel } from '../../engine/prepare.ts'
import { createTraceRings, type LaneRings } from '../../engine/trace.ts'

const WAIT_MS = 20_000

export interface Returned {
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
  readonly #input: Ring
  readonly #results: Results
  readonly #words: Int32Array
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
    const { rings, stageBells, conductorBell } = this.#layout
    const { module } = loadKernels('auto')
    const { part, lanes } = pipelineResidents(model, this.#control, this.#layout, module, '', this.trace)
    this.#residents = startResidents(lanes)
    const memories = handOutMemories(stages, part.lanePorts)
    this.#words = new Int32Array(memories[0]!)
    this.#input = new Ring(this.#control, rings[0]!, stages[0]!.range.inputSlots, conductorBell, stageBells[0]!)
    this.#results = new Results(this.#control, this.#layout, stages.at(-1)!, memories.at(-1)!, part.vocabularySize)
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
    const number = this.#nextNumber++
    const { address, stride } = this.#model.plan.stages[0]!.input
    encodeMicroBatch(this.#words, (address + this.#input.reserve() * stride) >>> 2, microBatch(number, rows))
    armMask(this.#control, this.#layout.masks, number, rows)
    if (isDead) this.cancel(number)
    this.#rows.set(number, rows)
    this.#input.publish()
    return number
  }

  cancel(number: number, rows = -1): void {
    clearMask(this.#control, this.#layout.masks, number, rows)
  }

  /** Waits for the next micro-batch that has left the pipeline. */
  async returned(): Promise<Returned> {
    let number: number | undefined
    await this.#until(() => {
      number = this.#results.open()
      return number !== undefined
    })
    const { stoppedUs } = this.#results
    const tokens = Array.from({ length: this.#rows.get(number!)! }, (_, row) => this.#token(row))
    this.#rows.delete(number!)
    this.#results.release()
    return { number: number!, stoppedUs, tokens }
  }

  #token(row: number): number | undefined {
    return this.#results.has(row) ? this.#results.row(row).ids[0] : undefined
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

function microBatch(number: number, count: number): MicroBatch {
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
    }
  })
  return { number: number as MicroBatchNumber, kind: 'rows', rows }
}
