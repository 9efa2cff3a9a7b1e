// Alive-row masks: one 32-bit word per micro-batch in flight, stamped with the micro-batch's number. The conductor
// arms a mask before it submits and clears bits to cancel rows; stages read it between operations and between tiles
// of a long one. Masks only save time: the scheduler's run table decides what a returned row means.
import { MASK_ENTRIES } from './control.ts'

/** Every row alive; also the mask of a prefill chunk, which lives or dies as a whole. */
export const ALL_ALIVE = -1

const entry = (masks: number, number: number) => masks + (number & (MASK_ENTRIES - 1)) * 2

/** Conductor: all `rows` of the micro-batch are alive. Call before it is published. */
export function armMask(words: Int32Array, masks: number, number: number, rows: number): void {
  const at = entry(masks, number)
  Atomics.store(words, at + 1, rows >= 32 ? ALL_ALIVE : (1 << rows) - 1)
  Atomics.store(words, at, number | 0)
}

/** Conductor: withdraws the rows whose bits are set. Returns the rows that are left. */
export function clearMask(words: Int32Array, masks: number, number: number, rows: number): number {
  const at = entry(masks, number)
  return Atomics.load(words, at) === (number | 0) ? Atomics.and(words, at + 1, ~rows) & ~rows : 0
}

/** Stage: the alive rows of the micro-batch; 0 when all are dead or it is no longer known. */
export function readMask(words: Int32Array, masks: number, number: number): number {
  const at = entry(masks, number)
  return Atomics.load(words, at) === (number | 0) ? Atomics.load(words, at + 1) : 0
}
