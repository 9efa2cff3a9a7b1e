// What a stage worker computes with in a test: the real thing, which counts the rows it is given.
import type { LaneForward } from '../../engine/model/lane.ts'
import { createForward as createReal, type ForwardParts } from '../../engine/model/weights-forward.ts'
import { rowCount } from '../../engine/wire/codec.ts'

/** Rows that the first stage was given. */
export type RowCounter = Int32Array<SharedArrayBuffer>

export function createForward(parts: ForwardParts) {
  const { input, range } = parts.layout
  const counter = parts.settings as RowCounter
  const slots = new Int32Array(parts.memory.buffer)
  const counts = range.isFirst && parts.lane === 0
  const forward: LaneForward = createReal(parts)
  return {
    rows: forward.rows,
    run(slot: number, resultSlot: number) {
      if (counts) Atomics.add(counter, 0, rowCount(slots, (input.address + slot * input.stride) >>> 2))
      forward.run(slot, resultSlot)
    },
  }
}
