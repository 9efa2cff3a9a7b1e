// What stage workers compute with under a clock: the real thing, and the leading lane notes how long each operation took,
// from one barrier to the next.
import type { LaneForward } from '../../engine/model/lane.ts'
import { createForward as createReal, type ForwardParts } from '../../engine/model/weights-forward.ts'
import { clockUs } from '../../engine/pipeline/clock.ts'

/** Shared by all lanes: how many operations, then the microseconds of each, as far as there is room. */
export type OperationTimes = Float32Array<SharedArrayBuffer>

export const createOperationTimes = (operations: number): OperationTimes =>
  new Float32Array(new SharedArrayBuffer((operations + 1) * 4))

/** Those of `times` that have been noted so far. */
export const notedUs = (times: OperationTimes): number[] =>
  Array.from(times.subarray(1, 1 + Math.min(times.length - 1, new Int32Array(times.buffer)[0]!)))

export function createForward(parts: ForwardParts): LaneForward {
  const { lane, sync } = parts
  if (lane !== 0) return createReal(parts)
  const times = parts.settings as OperationTimes
  const count = new Int32Array(times.buffer)
  let begunUs = 0
  const forward = createReal({
    ...parts,
    sync: {
      alive: sync.alive,
      barrier() {
        const decision = sync.barrier()
        const nowUs = clockUs()
        const at = 1 + Atomics.add(count, 0, 1)
        if (at < times.length) times[at] = nowUs - begunUs
        begunUs = nowUs
        return decision
      },
    },
  })
  return {
    rows: forward.rows,
    run(slot, resultSlot) {
      begunUs = clockUs()
      forward.run(slot, resultSlot)
    },
  }
}
