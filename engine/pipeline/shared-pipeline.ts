// Real stages from the conductor's end, over shared memory: micro-batches go into the first stage's ring and come back
// from the ring of results, masks and cell tables are words that the stages read. One thread drives it.
import type { MessagePort } from 'node:worker_threads'
import type { CellIndex, MicroBatchNumber, Position, SequenceId, Submission } from '../domain.ts'
import { assert } from '../errors.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import { clockUs } from '../wire/clock.ts'
import { aliveGroups, encodeMicroBatch, setSentUs } from '../wire/codec.ts'
import type { ControlLayout } from './control.ts'
import { armMask, clearMask } from './masks.ts'
import { handOutMemories } from './memories.ts'
import type { Pipeline, Returned } from './pipeline.ts'
import { Results } from './results.ts'
import { Ring } from './ring.ts'

/** What the thread that drives a pipeline is told of it. */
export interface PipelinePart {
  readonly words: ControlLayout
  readonly plan: ModelPlan
  readonly vocabularySize: number
  /** Where its lanes, [stage][lane], wait for their memories. */
  readonly lanePorts: readonly (readonly MessagePort[])[]
}

export class SharedPipeline implements Pipeline {
  /** One per stage. */
  readonly memories: readonly SharedArrayBuffer[]
  readonly #control: Int32Array
  readonly #part: PipelinePart
  readonly #words: readonly Int32Array[]
  readonly #input: Ring
  readonly #results: Results
  /** Number of the micro-batch submitted last. */
  #submitted = -1

  /** Makes the memories of the stages and hands them to their lanes. Throws `out_of_memory`. */
  constructor(control: Int32Array, part: PipelinePart) {
    const { words, plan, lanePorts, vocabularySize } = part
    const { stages } = plan
    this.memories = handOutMemories(stages, lanePorts)
    this.#control = control
    this.#part = part
    this.#words = this.memories.map((buffer) => new Int32Array(buffer))
    const { rings, stageBells, conductorBell } = words
    this.#input = new Ring(control, rings[0]!, stages[0]!.range.inputSlots, conductorBell, stageBells[0]!)
    this.#results = new Results(control, words, stages.at(-1)!, this.memories.at(-1)!, vocabularySize)
  }

  map(sequence: SequenceId, from: Position, cells: readonly CellIndex[]): void {
    const { stages, sizes } = this.#part.plan
    for (let stage = 0; stage < stages.length; stage++) {
      this.#words[stage]!.set(cells, (stages[stage]!.cellTable >>> 2) + sequence * sizes.contextLength + from)
    }
  }

  submit(submission: Submission): void {
    this.place(submission)
    this.publish()
  }

  /** The first half of `submit`: writes a micro-batch and arms its mask. No stage sees it before `publish`. */
  place({ microBatch }: Submission): void {
    const { plan, words } = this.#part
    const { address, stride } = plan.stages[0]!.input
    const slot = this.#input.reserve()
    assert(slot >= 0, 'the first ring holds all micro-batches in flight')
    const record = (address + slot * stride) >>> 2
    encodeMicroBatch(this.#words[0]!, record, microBatch)
    setSentUs(this.#words[0]!, record, clockUs())
    armMask(this.#control, words.masks, microBatch.number, aliveGroups(this.#words[0]!, record))
    this.#submitted = microBatch.number
  }

  publish(): void {
    this.#input.publish()
  }

  get passed(): number {
    return this.#submitted - this.#input.usedCount
  }

  cancel(number: MicroBatchNumber, groups: number): number {
    return clearMask(this.#control, this.#part.words.masks, number, groups)
  }

  collect(): Returned | undefined {
    return this.#results.open() ? this.#results : undefined
  }

  release(): void {
    this.#results.release()
  }
}
