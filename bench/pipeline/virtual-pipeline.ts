// A pipeline on a virtual clock: micro-batches wait for stages, take their time there, hop on, and return in order. What a
// stage does with one, and how long, is plugged in: those of the benches only take time (timed-work.ts), those of the
// simulator write and read cells (test/sim/cell-work.ts). The driver moves the clock, from one `nextTime` to the next.
import type { CellIndex, MicroBatch, MicroBatchNumber, Position, SequenceId, Submission } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import type { Pipeline, Returned } from '../../engine/pipeline/pipeline.ts'

/** A micro-batch on its way. */
export interface Travel {
  /** Absent where the scheduler does not know of it: it leaves without a result. */
  readonly number?: MicroBatchNumber
  /** Rows of each group. */
  readonly groupRows: readonly number[]
  /** Bit per group that is not withdrawn. */
  alive: number
}

/** What virtual stages do. */
export interface StageWork<T extends Travel, Result extends Returned> {
  /** From a stage to the next, and from the last one to the driver. */
  readonly hop: number
  /** What travels on behalf of a micro-batch. */
  enter(submission: Submission): T
  /** A stage begins; returns how long it will take. */
  begin(travel: T, stage: number): number
  /** A stage is done. */
  end(travel: T, stage: number): void
  /** How long a stage works in all on a micro-batch whose last row dies when it has worked so long; it may not look. */
  stopAfter(worked: number): number
  /** The first stage is done. */
  passed(number: MicroBatchNumber): void
  /** What the last stage leaves behind. */
  result(travel: T, number: MicroBatchNumber): Result
  map(sequence: SequenceId, from: Position, cells: readonly CellIndex[], inFlight: Iterable<T>): void
}

/** Rows of each group of a micro-batch. */
export function groupRowsOf({ rows }: MicroBatch): number[] {
  const counts: number[] = []
  for (const { group } of rows) counts[group] = (counts[group] ?? 0) + 1
  return counts
}

interface Arriving<Thing> {
  readonly thing: Thing
  readonly at: number
}

interface Stage<T> {
  readonly queue: Arriving<T>[]
  current: T | undefined
  startedAt: number
  doneAt: number
  busy: number
  lastNumber: number
}

export class VirtualPipeline<T extends Travel, Result extends Returned> implements Pipeline {
  readonly #work: StageWork<T, Result>
  readonly #stages: Stage<T>[]
  readonly #inFlightMax: number
  /** What was submitted and not collected. */
  readonly #inFlight = new Map<MicroBatchNumber, T>()
  readonly #returning: Arriving<Result>[] = []
  #open: Result | undefined
  /** The time of what happens; the driver sets it. */
  now = 0
  passed = -1

  constructor(work: StageWork<T, Result>, stages: number, inFlightMax: number) {
    this.#work = work
    this.#inFlightMax = inFlightMax
    this.#stages = Array.from({ length: stages }, () => ({
      ...{ queue: [], current: undefined, startedAt: 0, doneAt: Number.POSITIVE_INFINITY, busy: 0, lastNumber: -1 },
    }))
  }

  map(sequence: SequenceId, from: Position, cells: readonly CellIndex[]): void {
    this.#work.map(sequence, from, cells, this.#inFlight.values())
  }

  submit(submission: Submission): void {
    assert(this.#inFlight.size < this.#inFlightMax, 'too many micro-batches in flight')
    const travel = this.#work.enter(submission)
    this.#inFlight.set(submission.microBatch.number, travel)
    this.enter(travel)
  }

  /** Puts something in front of the first stage, perhaps without a number. */
  enter(travel: T): void {
    this.#stages[0]!.queue.push({ thing: travel, at: this.now })
  }

  cancel(number: MicroBatchNumber, groups: number): number {
    const travel = this.#inFlight.get(number)
    assert(travel, `cancel of micro-batch ${number}, which is not in flight`)
    assert(groups >>> 0 < 2 ** travel.groupRows.length, 'cancel of groups that do not exist')
    travel.alive &= ~groups
    if (travel.alive === 0) this.#stop(travel)
    return travel.alive
  }

  /** Until a micro-batch that has left the last stage is collected, it can be cancelled without effect. */
  collect(): Result | undefined {
    if (this.#open || !(this.returnsAt <= this.now)) return undefined
    this.#open = this.#returning.shift()!.thing
    this.#inFlight.delete(this.#open.number)
    return this.#open
  }

  release(): void {
    assert(this.#open, 'release of no micro-batch')
    this.#open = undefined
  }

  /** When the oldest micro-batch that has left the last stage can be collected. */
  get returnsAt(): number {
    return this.#returning[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** When the next stage begins or ends. */
  get nextTime(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { current, queue, doneAt } of this.#stages) {
      next = Math.min(next, current ? doneAt : (queue[0]?.at ?? Number.POSITIVE_INFINITY))
    }
    return next
  }

  /** Nothing is in the first stage or waits for it. */
  get isFirstIdle(): boolean {
    const { current, queue } = this.#stages[0]!
    return !current && queue.length === 0
  }

  /** What all stages have worked together. */
  get busy(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.busy, 0)
  }

  /** All that begins or ends at `now`. */
  step(now: number): void {
    this.now = now
    for (let index = 0; index < this.#stages.length; index++) this.#advance(index)
  }

  /** Stops the stages at whose work somebody has cleared the last bit. */
  stopDead(): void {
    for (const { current } of this.#stages) if (current?.alive === 0) this.#stop(current)
  }

  #advance(index: number): void {
    const stage = this.#stages[index]!
    if (stage.current && stage.doneAt <= this.now) this.#end(stage, stage.current, index)
    const [waiting] = stage.queue
    if (stage.current || !waiting || waiting.at > this.now) return
    stage.queue.shift()
    stage.current = waiting.thing
    stage.startedAt = this.now
    stage.doneAt = this.now + this.#work.begin(waiting.thing, index)
  }

  #end(stage: Stage<T>, travel: T, index: number): void {
    const { number } = travel
    stage.current = undefined
    stage.busy += this.now - stage.startedAt
    this.#work.end(travel, index)
    const at = this.now + this.#work.hop
    const next = this.#stages[index + 1]
    if (next) next.queue.push({ thing: travel, at })
    else if (number !== undefined) this.#returning.push({ thing: this.#work.result(travel, number), at })
    if (number === undefined) return
    assert(number > stage.lastNumber, 'micro-batches overtake each other')
    stage.lastNumber = number
    if (index > 0) return
    this.passed = number
    this.#work.passed(number)
  }

  #stop(travel: T): void {
    for (const stage of this.#stages) {
      if (stage.current !== travel) continue
      stage.doneAt = Math.min(stage.doneAt, stage.startedAt + this.#work.stopAfter(this.now - stage.startedAt))
    }
  }
}
