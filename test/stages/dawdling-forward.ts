// What a stage worker computes with in a test: the real thing, but one lane stops for ever on its way to a barrier that
// the others already wait in.
import { threadId } from 'node:worker_threads'
import { createForward as createReal, type ForwardParts } from '../../engine/model/weights-forward.ts'

/** Barriers of the loaded model that are passed before. */
const PASSED = 20

export interface Dawdling {
  readonly dawdler: number
  /** 1 as soon as that lane stands still, then the thread of each lane. */
  readonly words: Int32Array<SharedArrayBuffer>
}

export function createForward(parts: ForwardParts) {
  const { lane, sync } = parts
  const { dawdler, words } = parts.settings as Dawdling
  let passed = 0
  words[1 + lane] = threadId
  return createReal({
    ...parts,
    sync: {
      alive: sync.alive,
      barrier() {
        if (lane === dawdler && passed++ === PASSED) {
          Atomics.store(words, 0, 1)
          Atomics.wait(words, 0, 1)
        }
        return sync.barrier()
      },
    },
  })
}
