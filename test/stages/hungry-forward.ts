// What a stage worker computes with in a test: the real thing, whose first lane fills its heap as soon as it is told to.
import { createForward as createReal, type ForwardParts } from '../../engine/model/weights-forward.ts'

/** A word that is 1 when the heap is to be filled. */
export type Hungry = Int32Array<SharedArrayBuffer>

export function createForward(parts: ForwardParts) {
  const { lane, sync } = parts
  const word = parts.settings as Hungry
  return createReal({
    ...parts,
    sync: {
      alive: sync.alive,
      barrier() {
        if (lane === 0 && Atomics.load(word, 0) === 1) fillHeap()
        return sync.barrier()
      },
    },
  })
}

function fillHeap(): never {
  const kept: unknown[] = []
  for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
}
