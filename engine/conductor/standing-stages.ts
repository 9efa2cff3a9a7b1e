// Before the first request: waits until all stages stand, then has measured what their micro-batches take, if nobody knows.
import type { ModelPlan } from '../model/memory/plan.ts'
import { type ControlLayout, checkRunning } from '../pipeline/control.ts'
import { waitBell } from '../pipeline/doorbell.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { PipelinePart } from '../pipeline/shared-pipeline.ts'
import type { MeasuredShape } from '../speculation/costs/cost-shape.ts'
import { clockUs } from '../wire/clock.ts'
import { measureShape } from './measured-shape.ts'

/** Of the time that loading took, measuring what micro-batches take may add this share, or so many microseconds. */
const MEASURING_SHARE = 0.05
const MEASURING_US = 300_000

const threadsOf = ({ stages, sizes }: ModelPlan): number => stages.length * sizes.lanes

export class StandingStages {
  readonly #control: Int32Array
  readonly #layout: ControlLayout

  constructor(control: Int32Array, layout: ControlLayout) {
    this.#control = control
    this.#layout = layout
  }

  /** Parks until the lanes of all these pipelines have loaded. Returns how long that took, in microseconds. */
  await(plans: readonly ModelPlan[]): number {
    const beganUs = clockUs()
    const threads = plans.reduce((sum, plan) => sum + threadsOf(plan), 0)
    this.#await(() => Atomics.load(this.#control, this.#layout.ready) === threads || undefined)
    return clockUs() - beganUs
  }

  /** What micro-batches of a pipeline take that has nothing else to do. `loadUs`: how long loading has taken. */
  measure(pipeline: Pipeline, { plan, vocabularySize }: PipelinePart, loadUs: number): MeasuredShape {
    const { stages, sizes } = plan
    const collect = () => this.#await(() => pipeline.collect())
    const measured = { pipeline, stages: stages.length, sizes, vocabularySize, collect, nowUs: clockUs }
    return measureShape(measured, Math.max(MEASURING_US, MEASURING_SHARE * loadUs))
  }

  /** Parks until there is something. */
  #await<T>(find: () => T | undefined): T {
    const { conductorBell } = this.#layout
    for (;;) {
      const seen = Atomics.load(this.#control, conductorBell)
      checkRunning(this.#control, this.#layout)
      const found = find()
      if (found !== undefined) return found
      waitBell(this.#control, conductorBell, seen, 0)
    }
  }
}
