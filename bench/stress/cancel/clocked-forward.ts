// What stage workers compute with under a clock: the real thing, and the leading lane of each stage notes how long its
// operations took, from one barrier to the next, and how much processor time it spent on each micro-batch that was dead, from
// finding it until it had been passed on.
import type { LaneForward } from '../../../engine/model/lane.ts'
import { createForward as createReal, type ForwardParts } from '../../../engine/model/weights-forward.ts'
import { Ring } from '../../../engine/pipeline/ring.ts'
import { clockUs } from '../../../engine/wire/clock.ts'

/** Shared by all lanes, each as far as there is room. */
export interface StageClocks {
  /** How many operations, then the microseconds of each. */
  readonly operations: Float32Array<SharedArrayBuffer>
  /** How many dead micro-batches, then for each the stage's first layer and the microseconds of thread time. */
  readonly dead: Float32Array<SharedArrayBuffer>
}

export const createStageClocks = (operations: number, dead: number): StageClocks => ({
  operations: new Float32Array(new SharedArrayBuffer((1 + operations) * 4)),
  dead: new Float32Array(new SharedArrayBuffer((1 + 2 * dead) * 4)),
})

/** Of the operations so far. */
export const operationsUs = ({ operations }: StageClocks): number[] =>
  Array.from(operations.subarray(1, 1 + countOf(operations)))

/** Of the dead micro-batches so far, in the stage that begins with layer `first`; none where Node does not tell. */
export function deadUs({ dead }: StageClocks, first: number): number[] {
  const found: number[] = []
  for (let at = 1; at < 1 + 2 * countOf(dead) && at < dead.length; at += 2)
    if (dead[at] === first) found.push(dead[at + 1]!)
  return found
}

const countOf = (noted: Float32Array): number => Math.min(noted.length - 1, new Int32Array(noted.buffer)[0]!)

/** The next place for `words` numbers; may be beyond the end. */
const nextPlace = (noted: Float32Array, words: number): number =>
  1 + words * Atomics.add(new Int32Array(noted.buffer), 0, 1)

/** Node 20 does not have it. */
type ThreadCpuUsage = () => { readonly user: number; readonly system: number }
const threadCpuUsage = (process as { threadCpuUsage?: ThreadCpuUsage }).threadCpuUsage

export function createForward(parts: ForwardParts): LaneForward {
  const { lane, sync } = parts
  if (lane !== 0) return createReal(parts)
  const { operations } = parts.settings as StageClocks
  let begunUs = 0
  const forward = createReal({
    ...parts,
    sync: {
      alive: sync.alive,
      barrier() {
        const decision = sync.barrier()
        const nowUs = clockUs()
        operations[nextPlace(operations, 1)] = nowUs - begunUs
        begunUs = nowUs
        return decision
      },
    },
  })
  const dead = threadCpuUsage && watchDead(parts, threadCpuUsage)
  return {
    rows: forward.rows,
    ...(dead && { arrive: dead.arrive }),
    run(slot, resultSlot) {
      dead?.isAlive()
      begunUs = clockUs()
      forward.run(slot, resultSlot)
    },
  }
}

/** What is published last on behalf of a micro-batch hands it on, so this watches all rings of the thread. */
function watchDead({ settings, layout }: ForwardParts, usage: ThreadCpuUsage) {
  const { dead } = settings as StageClocks
  const cpuUs = () => {
    const { user, system } = usage()
    return user + system
  }
  let begunUs = Number.NaN
  const publish = Ring.prototype.publish
  Ring.prototype.publish = function (this: Ring) {
    publish.call(this)
    if (Number.isNaN(begunUs)) return
    const at = nextPlace(dead, 2)
    dead[at] = layout.range.first
    dead[at + 1] = cpuUs() - begunUs
    begunUs = Number.NaN
  }
  return {
    arrive: () => {
      begunUs = cpuUs()
    },
    isAlive: () => {
      begunUs = Number.NaN
    },
  }
}
