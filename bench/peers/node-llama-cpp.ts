// The process in which peers' bench measures node-llama-cpp.
import { timeTokens } from '../generation.ts'
import { type Library, type Sequence, startLibrary } from './library.ts'
import type { LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'

/** Started once: a program that loads several models does not look for its native library again. */
let started: Library | undefined

servePeer(async ({ path, context: contextSize, threads, mayMap }: LoadTask): Promise<LoadedPeer> => {
  started ??= await startLibrary(threads)
  const { llama, version } = started
  const model = await llama.loadModel({ modelPath: path, useMmap: mayMap ? 'auto' : false })
  const context = await model.createContext({ contextSize, threads: { ideal: threads, min: threads } })
  const sequence = context.getSequence()
  const { release } = llama.llamaCppRelease
  return {
    version: `node-llama-cpp ${version} (llama.cpp ${release})`,
    settings:
      `${context.currentThreads} threads, ` +
      `context ${context.contextSize}, flash attention ${context.flashAttention}, ${model.useMmap ? 'mmap' : 'no mmap'}`,
    generate: (ids, tokens) => timeTokens(generate(sequence, ids, tokens)),
    async close() {
      await context.dispose()
      await model.dispose()
    },
  }
})

async function* generate(sequence: Sequence, ids: readonly number[], tokens: number): AsyncGenerator<number> {
  await sequence.clearHistory()
  let left = tokens
  for await (const id of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    yield id
    if (--left === 0) return
  }
}
