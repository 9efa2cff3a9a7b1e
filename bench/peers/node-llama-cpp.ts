// The process in which peers' bench measures node-llama-cpp, with the binaries of its npm package. It is installed below
// bench/peers only, so its types are stated here: the part that is used.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'

interface Disposable {
  dispose(): Promise<void>
}
interface Sequence {
  clearHistory(): Promise<void>
  evaluate(ids: readonly number[], options: object): AsyncIterable<number>
}
interface Context extends Disposable {
  readonly contextSize: number
  readonly currentThreads: number
  readonly flashAttention: unknown
  getSequence(): Sequence
}
interface Model extends Disposable {
  readonly useMmap: boolean
  createContext(options: object): Promise<Context>
}
interface Llama {
  readonly llamaCppRelease: { readonly release: string }
  loadModel(options: object): Promise<Model>
}
interface NodeLlamaCpp {
  getLlama(options: object): Promise<Llama>
}

const PACKAGE = new URL('../../../bench/peers/node_modules/node-llama-cpp/', import.meta.url)
const manifest = new URL('package.json', PACKAGE)

/** Started once: a program that loads several models does not look for its native library again. */
let started: { readonly llama: Llama; readonly version: string } | undefined

async function start(threads: number): Promise<{ readonly llama: Llama; readonly version: string }> {
  if (!existsSync(manifest)) {
    throw new Error(`expected node-llama-cpp in ${fileURLToPath(PACKAGE)}, found none: run npm install in bench/peers`)
  }
  const { main, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { main: string; version: string }
  const { getLlama } = (await import(new URL(main, PACKAGE).href)) as NodeLlamaCpp
  return { llama: await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' }), version }
}

servePeer(async ({ path, context: contextSize, threads, mayMap }: LoadTask): Promise<LoadedPeer> => {
  started ??= await start(threads)
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
