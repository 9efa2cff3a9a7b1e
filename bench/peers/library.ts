// node-llama-cpp, with the binaries of its npm package. It is installed below bench/peers only, so its types are stated
// here: the part that is used.
import { installedPackage } from './installed.ts'

interface Disposable {
  dispose(): Promise<void>
}

type Input = number | readonly [token: number, options: object]

export interface Sequence {
  clearHistory(): Promise<void>
  evaluate(ids: readonly number[], options: object): AsyncIterable<number>
  /** Per input that asks for it, what follows. */
  controlledEvaluate(
    input: readonly Input[],
  ): Promise<readonly ({ readonly next: { readonly logits?: ReadonlyMap<number, number> } } | undefined)[]>
}

export interface Context extends Disposable {
  readonly contextSize: number
  readonly currentThreads: number
  readonly flashAttention: unknown
  getSequence(): Sequence
}

export interface EmbeddingContext extends Disposable {
  getEmbeddingFor(ids: readonly number[]): Promise<{ readonly vector: readonly number[] }>
}

export interface Model extends Disposable {
  readonly useMmap: boolean
  readonly tokens: {
    readonly bos: number | null
    readonly eos: number | null
    readonly eot: number | null
    readonly infill: { readonly prefix: number | null; readonly suffix: number | null; readonly middle: number | null }
    readonly shouldPrependBosToken: boolean
    readonly shouldAppendEosToken: boolean
  }
  iterateAllTokens(): Iterable<number>
  isEogToken(id: number): boolean
  /** Without BOS and EOS. */
  tokenize(text: string, specialTokens: boolean): readonly number[]
  createContext(options: object): Promise<Context>
  createEmbeddingContext(options: object): Promise<EmbeddingContext>
}

export interface Llama {
  readonly llamaCppRelease: { readonly release: string }
  loadModel(options: object): Promise<Model>
}

export interface Library {
  readonly llama: Llama
  /** Of node-llama-cpp. */
  readonly version: string
}

/** Starts llama.cpp on the CPU. Throws an Error where the package is not installed. */
export async function startLibrary(threads: number): Promise<Library> {
  const { version, load } = installedPackage('node-llama-cpp')
  const { getLlama } = (await load()) as { getLlama(options: object): Promise<Llama> }
  return { llama: await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' }), version }
}
