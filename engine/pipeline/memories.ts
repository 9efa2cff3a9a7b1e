// How the memories of a pipeline reach its threads. The conductor makes them and posts them to the lanes over ports
// that the caller only passes on. A memory that the caller had held, even for a moment, would outlive the engine until
// the caller's next major garbage collection: to its heap the gigabytes look like one small object. Held by workers
// alone, they go back to the system as the workers exit.
import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { createStageMemory, type StageMemory } from '../model/kernels.ts'

/** What a lane gets: its stage's memory, and the next stage's unless its own is the last. */
export interface LaneMemories {
  readonly memory: StageMemory
  readonly next: SharedArrayBuffer | undefined
}

/**
 * In the conductor: makes a memory of `bytes` per stage and posts it to the stage's lanes, `lanePorts[stage][lane]`.
 * @throws TsinferError `out_of_memory`
 */
export function handOutMemories(
  stages: readonly { readonly bytes: number }[],
  lanePorts: readonly (readonly MessagePort[])[],
): SharedArrayBuffer[] {
  const memories = stages.map(({ bytes }) => createStageMemory(bytes))
  lanePorts.forEach((ports, stage) => {
    const message: LaneMemories = { memory: memories[stage]!, next: memories[stage + 1]?.buffer }
    for (const port of ports) {
      port.postMessage(message)
      port.close()
    }
  })
  return memories.map(({ buffer }) => buffer)
}

/** In a lane: waits for what the conductor hands out. */
export async function receiveMemories(port: MessagePort): Promise<LaneMemories> {
  const [memories] = await once(port, 'message')
  port.close()
  return memories
}
