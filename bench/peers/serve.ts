// The process of one engine: takes tasks from the bench, one at a time, and measures them. All engines are
// timed in the same way: from the call to the moment JavaScript, here or in a browser's page, has a token.
import { randomIds } from '../../cli/measure/random-ids.ts'
import { type TimedGeneration, warmUp } from '../generation.ts'
import { processUsage } from './process-usage.ts'
import type { Answer, BatchTask, BatchTimes, GenerateTask, LoadTask, Task } from './protocol.ts'

export interface LoadedPeer {
  /** Engine and version. */
  readonly version: string
  /** What it chose. */
  readonly settings: string
  /** Reads the ids into an empty context and generates greedily, whatever token comes. No ids where it tells none. */
  generate(ids: readonly number[], tokens: number): Promise<TimedGeneration>
  /** Of engines that serve several at once: reads all prompts, then goes on with all texts, with the usual sampling. */
  batch?(prompts: readonly (readonly number[])[], tokens: number): Promise<BatchTimes>
  close(): Promise<void>
}

/** Serves until the bench disconnects. `load` is timed. */
export function servePeer(load: (task: LoadTask) => Promise<LoadedPeer>): void {
  let peer: LoadedPeer | undefined
  let vocabularySize = 0
  let prompts = 0
  let idle = { sinceMs: performance.now(), cpuMs: processUsage().cpuMs }

  const generate = async (prompt: number, tokens: number): Promise<TimedGeneration> => {
    if (peer === undefined) throw new Error('expected a loaded model, found none')
    return peer.generate(randomIds(prompt, vocabularySize), tokens)
  }
  const measure = async ({ prompt, tokens, leastMs }: GenerateTask): Promise<Answer> => {
    const idleMs = performance.now() - idle.sinceMs
    const idleCpuMs = processUsage().cpuMs - idle.cpuMs
    const generations: TimedGeneration[] = []
    const startedMs = performance.now()
    do generations.push(await generate(prompt, tokens))
    while (performance.now() - startedMs < leastMs)
    return { kind: 'generated', generations, idleMs, idleCpuMs, peakBytes: processUsage().peakBytes }
  }
  /** No two prompts of this process begin alike. */
  const batch = async ({ requests, prompt, tokens }: BatchTask): Promise<Answer> => {
    if (peer?.batch === undefined) throw new Error('expected an engine that serves several requests at once')
    const drawn = Array.from({ length: requests }, () => randomIds(prompt, vocabularySize, ++prompts))
    return { kind: 'batched', ...(await peer.batch(drawn, tokens)) }
  }
  const perform = async (task: Task): Promise<Answer> => {
    if (task.kind === 'generate') return measure(task)
    if (task.kind === 'batch') return batch(task)
    if (task.kind === 'warmUp') {
      await warmUp(generate)
      return { kind: 'warm' }
    }
    await peer?.close()
    vocabularySize = task.vocabularySize
    const startedMs = performance.now()
    peer = await load(task)
    return {
      kind: 'loaded',
      loadMs: performance.now() - startedMs,
      version: peer.version,
      settings: peer.settings,
      node: process.versions.node,
    }
  }

  process.on('disconnect', () => process.exit())
  process.on('message', async (task: Task) => {
    const answer = await perform(task).catch((error: unknown): Answer => {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
    })
    idle = { sinceMs: performance.now(), cpuMs: processUsage().cpuMs }
    process.send?.(answer)
  })
}
