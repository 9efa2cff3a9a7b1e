// A pipeline whose driver is watched: by the meter, and by a trace if one is taken.
import type { CellIndex, MicroBatchNumber, Position, SequenceId, Submission } from '../domain.ts'
import type { Pipeline, Returned } from '../pipeline/pipeline.ts'
import { clockUs } from '../wire/clock.ts'

/** Times as in clock.ts. */
export interface Watcher {
  submitted(submission: Submission, sinceUs: number): void
  /** `left`: the groups of the micro-batch that are still alive. */
  cancelled(number: MicroBatchNumber, groups: number, left: number, sinceUs: number): void
  returned(returned: Returned, nowUs: number): void
}

export class WatchedPipeline implements Pipeline {
  readonly #pipeline: Pipeline
  readonly #watchers: readonly Watcher[]

  constructor(pipeline: Pipeline, watchers: readonly Watcher[]) {
    this.#pipeline = pipeline
    this.#watchers = watchers
  }

  map(sequence: SequenceId, from: Position, cells: readonly CellIndex[]): void {
    this.#pipeline.map(sequence, from, cells)
  }

  submit(submission: Submission): void {
    const sinceUs = clockUs()
    this.#pipeline.submit(submission)
    for (const watcher of this.#watchers) watcher.submitted(submission, sinceUs)
  }

  get passed(): number {
    return this.#pipeline.passed
  }

  cancel(number: MicroBatchNumber, groups: number): number {
    // Read before the mask is cleared: a stage may stop at once.
    const sinceUs = clockUs()
    const left = this.#pipeline.cancel(number, groups)
    for (const watcher of this.#watchers) watcher.cancelled(number, groups, left, sinceUs)
    return left
  }

  collect(): Returned | undefined {
    const returned = this.#pipeline.collect()
    if (!returned) return undefined
    const nowUs = clockUs()
    for (const watcher of this.#watchers) watcher.returned(returned, nowUs)
    return returned
  }

  release(): void {
    this.#pipeline.release()
  }
}
