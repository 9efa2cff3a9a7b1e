// The process in which peers' bench measures node-llama-cpp.
import { type Library, startLibrary } from './library.ts'
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
    description:
      `node-llama-cpp ${version} (llama.cpp ${release}): ${context.currentThreads} threads, ` +
      `context ${context.contextSize}, flash attention ${context.flashAttention}, ${model.useMmap ? 'mmap' : 'no mmap'}`,
    async *generate(ids, tokens) {
      await sequence.clearHistory()
      let left = tokens
      for await (const id of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
        yield id
        if (--left === 0) return
      }
    },
    async close() {
      await context.dispose()
      await model.dispose()
    },
  }
})
