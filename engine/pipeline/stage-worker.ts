// The resident of one lane of one stage: loads its share of the weights, then serves micro-batches until the pipeline
// ends. Lane 0 reads the input ring, leads the operations and writes the next ring; the others follow. No policy.

import type { MessagePort } from 'node:worker_threads'
import type { FileIdentity } from '../gguf/source.ts'
import type { ModelConfig } from '../model/config/model-config.ts'
import type { RopeFrequencies } from '../model/config/rope-frequencies.ts'
import type { KernelModule } from '../model/kernels.ts'
import { type LaneForward, type LaneSync, Withdrawn } from '../model/lane.ts'
import { RESULT_SLOTS, type StageLayout } from '../model/memory/layout.ts'
import type { CreateForward, ForwardSource } from '../model/weights-forward.ts'
import { clockUs, elapsedUs } from '../wire/clock.ts'
import {
  addFaults,
  addStageUs,
  aliveGroups,
  beginReturn,
  checkVersion,
  finishReturn,
  microBatchNumber,
  type ReturnViews,
  returnViews,
  setAliveGroups,
  setSentUs,
  setStoppedUs,
  usedWords,
} from '../wire/codec.ts'
import { LaneBarrier } from './barrier.ts'
import { LaneBusy } from './busy.ts'
import { type ControlLayout, checkRunning, PipelineEnded, PROGRESS_BYTES } from './control.ts'
import { ringBell, waitBell } from './doorbell.ts'
import type { ResidentFault } from './fault.ts'
import { describeFault } from './fault.ts'
import { LaneTrace } from './lane-trace.ts'
import { ALL_ALIVE, readMask } from './masks.ts'
import { type LaneMemories, receiveMemories } from './memories.ts'
import { Ring } from './ring.ts'

export interface StagePayload {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly stage: number
  /** Where this pipeline is in the control block. */
  readonly words: ControlLayout
  /** Names the thread in messages. */
  readonly name: string
  readonly lane: number
  readonly lanes: number
  readonly config: ModelConfig
  readonly layout: StageLayout
  readonly spins: { readonly barrier: number; readonly stage: number }
  readonly module: KernelModule
  /** Where the conductor's `LaneMemories` arrive. */
  readonly memoryPort: MessagePort
  /** The next stage's plan, absent for the last stage. */
  readonly nextLayout: StageLayout | undefined
  readonly shards: readonly FileIdentity[]
  /** For each rotation of the model. */
  readonly ropes: readonly RopeFrequencies[]
  readonly forward: ForwardSource
  /** Where its part of a trace goes, if one is taken. */
  readonly trace: SharedArrayBuffer | undefined
}

/** Entry of the resident; see pool.ts. */
export default async function serveLane(payload: StagePayload): Promise<ResidentFault | undefined> {
  try {
    const { createForward }: { createForward: CreateForward } = await import(payload.forward.href)
    new LaneServer(payload, await receiveMemories(payload.memoryPort), createForward).serve()
  } catch (error) {
    if (error instanceof PipelineEnded) return undefined
    return describeFault(payload.name, error)
  }
  return undefined
}

class LaneServer {
  readonly #payload: StagePayload
  readonly #layout: ControlLayout
  readonly #barrier: LaneBarrier
  readonly #forward: LaneForward
  readonly #words: Int32Array
  readonly #views: ReturnViews
  readonly #nextWords: Int32Array | undefined
  readonly #busy: LaneBusy
  readonly #trace: LaneTrace | undefined
  /** Number of the micro-batch being computed. */
  #number = 0

  constructor(payload: StagePayload, { memory, next }: LaneMemories, createForward: CreateForward) {
    const { control, stage, lanes, lane, spins } = payload
    this.#payload = payload
    this.#layout = payload.words
    this.#barrier = new LaneBarrier(control, this.#layout, stage, lanes, spins.barrier)
    this.#words = new Int32Array(memory.buffer)
    this.#views = returnViews(memory.buffer)
    this.#nextWords = next && new Int32Array(next)
    this.#busy = new LaneBusy(control, this.#layout.busy[stage]! + lane)
    this.#trace = payload.trace && new LaneTrace(payload.trace, this.#words)
    const { config, layout, module, shards, ropes } = payload
    const file = { config, layout, module, memory, shards, ropes, settings: payload.forward.settings }
    this.#forward = createForward({ ...file, lane, lanes, sync: this.#sync(), onBytes: this.#progress() })
    if (lane === 0) this.#barrier.lead(ALL_ALIVE)
    else this.#barrier.follow()
    Atomics.add(control, this.#layout.ready, 1)
    ringBell(control, this.#layout.conductorBell)
  }

  serve(): never {
    if (this.#payload.lane === 0) return this.#lead()
    const lead = this.#payload.layout.leadWords >>> 2
    for (;;) {
      this.#barrier.follow()
      this.#compute(this.#words[lead]!, this.#words[lead + 1]!)
    }
  }

  /** Adds loaded bytes to what the caller shows. */
  #progress(): (bytes: number) => void {
    const { control } = this.#payload
    let pending = 0
    return (bytes) => {
      checkRunning(control, this.#layout)
      pending += bytes
      Atomics.add(control, this.#layout.progress, Math.floor(pending / PROGRESS_BYTES))
      pending %= PROGRESS_BYTES
    }
  }

  #sync(): LaneSync {
    const { control, lane } = this.#payload
    const alive = () => readMask(control, this.#layout.masks, this.#number)
    const meet = lane === 0 ? () => this.#barrier.lead(alive()) : () => this.#barrier.follow()
    return {
      alive,
      barrier() {
        const decision = meet()
        if (decision === 0) throw new Withdrawn()
        return decision
      },
    }
  }

  #lead(): never {
    const { control, stage, layout, nextLayout, spins } = this.#payload
    const { rings, stageBells, conductorBell } = this.#layout
    const bell = stageBells[stage]!
    const before = stage === 0 ? conductorBell : stageBells[stage - 1]!
    const after = nextLayout ? stageBells[stage + 1]! : conductorBell
    const outputSlots = nextLayout ? nextLayout.range.inputSlots : RESULT_SLOTS
    const input = new Ring(control, rings[stage]!, layout.range.inputSlots, before, bell)
    const output = new Ring(control, rings[stage + 1]!, outputSlots, bell, after)
    for (;;) {
      const seen = Atomics.load(control, bell)
      checkRunning(control, this.#layout)
      const slot = input.peek()
      const outputSlot = output.reserve()
      if (slot < 0 || outputSlot < 0) {
        waitBell(control, bell, seen, spins.stage)
        continue
      }
      this.#serveSlot(slot, outputSlot)
      // Released first: a micro-batch that has left the pipeline must not hold a slot of it any more.
      input.release()
      output.publish()
      this.#trace?.handedOn()
    }
  }

  /** Lane 0: computes a micro-batch with the other lanes, unless all its groups are dead, and fills the output slot. */
  #serveSlot(slot: number, outputSlot: number): void {
    const { control, layout, lanes, nextLayout } = this.#payload
    const words = this.#words
    const record = slotRecord(layout, slot)
    this.#forward.arrive?.(record)
    checkVersion(words, record)
    const mask = readMask(control, this.#layout.masks, microBatchNumber(words, record)) & aliveGroups(words, record)
    let computed = false
    if (mask === 0) {
      this.#trace?.skip(record)
      addStageUs(words, record, 0)
    } else {
      const lead = layout.leadWords >>> 2
      const beginUs = clockUs()
      words[lead] = slot
      words[lead + 1] = outputSlot
      this.#barrier.lead(mask)
      computed = this.#compute(slot, outputSlot)
      for (let lane = 0; lane < lanes; lane++) addFaults(words, record, words[(layout.laneFaults >>> 2) + lane]!)
      const endUs = clockUs()
      addStageUs(words, record, elapsedUs(beginUs, endUs))
      if (!computed) setStoppedUs(words, record, endUs)
    }
    if (nextLayout) this.#passOn(record, outputSlot, computed, nextLayout)
    else this.#answer(record, outputSlot, computed)
  }

  /** Computes this lane's part, and notes how long. Returns false when all rows died on the way. */
  #compute(slot: number, outputSlot: number): boolean {
    const record = slotRecord(this.#payload.layout, slot)
    this.#number = microBatchNumber(this.#words, record)
    const beginUs = clockUs()
    this.#busy.begin(beginUs)
    this.#trace?.begin(record, beginUs)
    const computed = this.#run(slot, outputSlot)
    const endUs = clockUs()
    this.#busy.end(endUs)
    this.#trace?.end(computed, this.#forward.rows, endUs)
    return computed
  }

  #run(slot: number, outputSlot: number): boolean {
    try {
      this.#forward.run(slot, outputSlot)
      return true
    } catch (error) {
      if (error instanceof Withdrawn) return false
      throw error
    }
  }

  /** The record and, where rows are left, their activations go to the next stage: the one copy of a hop. */
  #passOn(record: number, slot: number, computed: boolean, layout: StageLayout): void {
    const target = slotRecord(layout, slot)
    this.#nextWords!.set(this.#words.subarray(record, record + usedWords(this.#words, record)), target)
    setSentUs(this.#nextWords!, target, clockUs())
    setAliveGroups(this.#nextWords!, target, computed ? this.#forward.rows.alive : 0)
    if (computed) this.#forward.rows.copyTo(this.#nextWords!, target + (layout.input.activations >>> 2))
  }

  #answer(record: number, slot: number, computed: boolean): void {
    const { results } = this.#payload.layout
    const base = results!.address + slot * results!.stride
    if (!computed) beginReturn(this.#views, base, microBatchNumber(this.#words, record), 0)
    finishReturn(this.#views, base, this.#words, record)
  }
}

/** Word index of the record in a slot of the stage's input ring. */
const slotRecord = ({ input }: StageLayout, slot: number): number => (input.address + slot * input.stride) >>> 2
