// What a stage worker computes with in a test: the real thing, but from some barrier on some rows are dead, and every lane
// tells whether it went on with a row that it had been told is dead.
import type { LaneForward } from '../../engine/model/lane.ts'
import { createForward as createReal, type ForwardParts } from '../../engine/model/weights-forward.ts'
import { rowCount } from '../../engine/wire/codec.ts'

/** Shared with the lanes. Set `FROM` and `MASK` while no micro-batch is in flight. */
export type Thinning = Int32Array<SharedArrayBuffer>
/** Barriers that a micro-batch passes before the rows die. */
export const FROM = 0
/** The rows that are left. */
export const MASK = 1
/** Barriers of the last micro-batch. */
export const PASSED = 2
/** How often a lane came to a barrier with rows that were dead when it left the one before. */
export const TOO_MANY = 3

export const createThinning = (): Thinning => new Int32Array(new SharedArrayBuffer(16))

export function createForward(parts: ForwardParts) {
  const { lane, sync, layout } = parts
  const { input } = layout
  const words = parts.settings as Thinning
  const slots = new Int32Array(parts.memory.buffer)
  let passed = 0
  let seen = -1
  const alive = () => sync.alive() & (passed > words[FROM]! ? words[MASK]! : -1)
  const forward: LaneForward = createReal({
    ...parts,
    sync: {
      alive,
      barrier() {
        if (bitCount(seen) < forward.rows.count) Atomics.add(words, TOO_MANY, 1)
        passed++
        seen = sync.barrier() & alive()
        return seen
      },
    },
  })
  return {
    rows: forward.rows,
    run(slot: number, resultSlot: number) {
      const count = rowCount(slots, (input.address + slot * input.stride) >>> 2)
      passed = 0
      seen = (1 << count) - 1
      forward.run(slot, resultSlot)
      if (lane === 0) words[PASSED] = passed
    },
  }
}

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}
