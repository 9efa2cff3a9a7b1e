// What runs in the browser's page: wllama, and the clock its tokens are timed with. `wllama.ts` calls it by name.

interface Chunk {
  /** Tokens of the prompt that were evaluated, tokens generated so far. */
  readonly timings?: { readonly prompt_n: number; readonly predicted_n: number }
}

/** The part of wllama's class that is used. Options go to llama.cpp's server code as they are; prompts must be texts. */
interface Wllama {
  loadModel(files: readonly unknown[], options: object): Promise<void>
  createCompletion(options: object): Promise<AsyncIterable<Chunk>>
  isMultithread(): boolean
  getNumThreads(): number
  exit(): Promise<void>
}

interface WllamaModule {
  readonly Wllama: (new (paths: object, options: object) => Wllama) & { getLibllamaVersion(): string }
}

export interface PageFacts {
  readonly llamaCpp: string
  readonly isMultithread: boolean
  readonly threads: number
}

export interface PageTimes {
  readonly promptTokens: number
  readonly arrivalsMs: number[]
}

const WLLAMA = '/wllama/esm/index.js'
const { Wllama } = (await import(WLLAMA)) as WllamaModule
const silent = () => {}
const logger = { debug: silent, log: silent, warn: silent, error: console.error }

let wllama: Wllama | undefined

const engine = {
  /** Loads the file that was chosen in the page's input. */
  async load(file: unknown, context: number, threads: number): Promise<PageFacts> {
    await wllama?.exit()
    wllama = new Wllama({ default: '/wllama/esm/wasm/wllama.wasm' }, { logger, suppressNativeLog: true })
    const sizes = { n_ctx: context, n_parallel: 1, n_threads: threads, n_gpu_layers: 0 }
    await wllama.loadModel([file], { ...sizes, warmup: false })
    return {
      llamaCpp: Wllama.getLibllamaVersion(),
      isMultithread: wllama.isMultithread(),
      threads: wllama.getNumThreads(),
    }
  },

  /** Milliseconds from the call to each token; tokens that come together have the same. */
  async generate(prompt: string, tokens: number): Promise<PageTimes> {
    const arrivalsMs: number[] = []
    let promptTokens = 0
    const startedMs = performance.now()
    const sampling = { temperature: 0, top_k: 1, ignore_eos: true, cache_prompt: false }
    const options = { prompt, max_tokens: tokens, stream: true, timings_per_token: true, ...sampling }
    for await (const { timings } of await wllama!.createCompletion(options)) {
      const atMs = performance.now() - startedMs
      if (timings === undefined) continue
      promptTokens = timings.prompt_n
      while (arrivalsMs.length < timings.predicted_n) arrivalsMs.push(atMs)
    }
    return { promptTokens, arrivalsMs }
  },
}

Object.assign(globalThis, { engine })
