// The process in which peers' bench measures node-llama-cpp.
import { timeTokens } from '../generation.ts'
import { type Library, type Sequence, startLibrary } from './library.ts'
import type { LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'

/** Started once: a program that loads several models does not look for its native library again. */
let started: Library | undefined

/** What llama.cpp's programs sample with. */
const USUAL_SAMPLING = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05, yieldEogToken: true }

servePeer(async ({ path, context: contextSize, sequences, threads, mayMap }: LoadTask): Promise<LoadedPeer> => {
  started ??= await startLibrary(threads)
  const { llama, version } = started
  const model = await llama.loadModel({ modelPath: path, useMmap: mayMap ? 'auto' : false })
  const context = await model.createContext({ contextSize, sequences, threads: { ideal: threads, min: threads } })
  const [sequence, ...others] = Array.from({ length: sequences }, () => context.getSequence())
  if (sequence === undefined) throw new Error('expected at least one sequence, found none')
  const { release } = llama.llamaCppRelease
  return {
    version: `node-llama-cpp ${version} (llama.cpp ${release})`,
    settings:
      `${context.currentThreads} threads, ` +
      `context ${context.contextSize}, flash attention ${context.flashAttention}, ${model.useMmap ? 'mmap' : 'no mmap'}`,
    generate: (ids, tokens) => timeTokens(generate(sequence, ids, tokens)),
    batch: (prompts, tokens) => batch([sequence, ...others].slice(0, prompts.length), prompts, tokens),
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

/** A text stands still while nobody asks for its next token. */
async function batch(sequences: readonly Sequence[], prompts: readonly (readonly number[])[], tokens: number) {
  await Promise.all(sequences.map((sequence) => sequence.clearHistory()))
  const texts = sequences.map((sequence, i) => {
    return sequence.evaluate(prompts[i]!, USUAL_SAMPLING)[Symbol.asyncIterator]()
  })
  const next = async function* (text: AsyncIterator<number>, count: number) {
    for (let i = 0; i < count; i++) yield (await text.next()).value as number
  }
  const firsts = await Promise.all(texts.map((text) => timeTokens(next(text, 1))))
  const timed = await Promise.all(texts.map((text) => timeTokens(next(text, tokens))))
  await Promise.all(texts.map((text) => text.return?.()))
  return {
    firstMs: firsts.map(({ arrivalsMs }) => arrivalsMs[0]!),
    arrivalsMs: timed.map(({ arrivalsMs }) => arrivalsMs),
  }
}
