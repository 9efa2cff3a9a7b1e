// Alive masks: one 32-bit word per micro-batch in flight with a bit per group of its rows, stamped with the micro-batch's
// number. The conductor arms a mask before it submits and clears bits to cancel groups; stages read it between operations
// and between tiles of a long one. Masks only save time: the scheduler's run table decides what a returned row means.
import { MASK_ENTRIES } from './control.ts'

/** Every group alive. */
export const ALL_ALIVE = -1

const entry = (masks: number, number: number) => masks + (number & (MASK_ENTRIES - 1)) * 2

/** Conductor: these groups of the micro-batch are alive. Call before it is published. */
export function armMask(words: Int32Array, masks: number, number: number, groups: number): void {
  const at = entry(masks, number)
  Atomics.store(words, at + 1, groups)
  Atomics.store(words, at, number | 0)
}

/** Conductor: withdraws the groups whose bits are set. Returns those that are left. */
export function clearMask(words: Int32Array, masks: number, number: number, groups: number): number {
  const at = entry(masks, number)
  return Atomics.load(words, at) === (number | 0) ? Atomics.and(words, at + 1, ~groups) & ~groups : 0
}

/** Stage: the alive groups of the micro-batch; 0 when all are dead or it is no longer known. */
export function readMask(words: Int32Array, masks: number, number: number): number {
  const at = entry(masks, number)
  return Atomics.load(words, at) === (number | 0) ? Atomics.load(words, at + 1) : 0
}
