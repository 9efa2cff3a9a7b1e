// Generations as benches make them: given ids, no token ends them, and the time of every token.
import { randomIds } from '../cli/measure/random-ids.ts'
import type { GenerateOptions, GenerateResult, Generation, Model } from '../index.ts'

export interface TimedGeneration {
  readonly ids: readonly number[]
  /** When the caller had each token, in milliseconds since the call. Tokens of one turn of its event loop: the same. */
  readonly arrivalsMs: readonly number[]
}

/** Takes all tokens. A caller that is busy finds several at once when it looks again, and cannot tell when each was made. */
export async function timeTokens(tokens: AsyncIterable<number>): Promise<TimedGeneration> {
  const ids: number[] = []
  const arrivalsMs: number[] = []
  const startedMs = performance.now()
  let turnMs: number | undefined
  for await (const id of tokens) {
    if (turnMs === undefined) {
      turnMs = performance.now() - startedMs
      setImmediate(() => {
        turnMs = undefined
      })
    }
    ids.push(id)
    arrivalsMs.push(turnMs)
  }
  return { ids, arrivalsMs }
}

/** Generates exactly `tokens` tokens behind `prompt`. */
export async function* generateTokens(
  model: Model,
  prompt: readonly number[],
  tokens: number,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  const options = { temperature: 0, ignoreEos: true, cachePrompt: false, maxTokens: tokens, ...(signal && { signal }) }
  for await (const { token } of model.generate(prompt, options)) yield token
}

export const timeGeneration = (...generation: Parameters<typeof generateTokens>): Promise<TimedGeneration> =>
  timeTokens(generateTokens(...generation))

let freshPrompts = 0

/** A prompt that begins like no other of this process: nothing of it is in cells. */
export const freshPrompt = (model: Model, length: number): number[] =>
  randomIds(length, model.info.vocabularySize, ++freshPrompts)

/** A text that is being written beside others, with the usual sampling. */
export class LiveText {
  readonly startedMs = performance.now()
  /** When the caller had each token, by one clock for all texts. */
  readonly arrivalsMs: number[] = []
  readonly result: Promise<GenerateResult>
  readonly #leaving = new AbortController()
  #awaited: { readonly tokens: number; readonly resolve: () => void } | undefined

  constructor(model: Model, prompt: readonly number[], options: GenerateOptions = {}) {
    const generation = model.generate(prompt, { ignoreEos: true, signal: this.#leaving.signal, ...options })
    this.result = this.#follow(generation)
    // Whoever leaves a text does not look at its end.
    this.result.catch(() => {})
  }

  get firstMs(): number {
    return this.arrivalsMs[0]! - this.startedMs
  }

  /** Waits until it has so many tokens. Rejects where it ends before. */
  async has(tokens: number): Promise<void> {
    if (this.arrivalsMs.length >= tokens) return
    const reached = new Promise<void>((resolve) => {
      this.#awaited = { tokens, resolve }
    })
    await Promise.race([reached, this.result])
    if (this.arrivalsMs.length >= tokens) return
    throw new Error(`expected a text of ${tokens} tokens, found one that ended after ${this.arrivalsMs.length}`)
  }

  leave(): void {
    this.#leaving.abort()
  }

  async #follow(generation: Generation): Promise<GenerateResult> {
    for await (const _ of generation) {
      this.arrivalsMs.push(performance.now())
      if (this.arrivalsMs.length === this.#awaited?.tokens) this.#awaited.resolve()
    }
    return generation.result
  }
}

const WARM_UP_MS = 1000
const WARM_UP_PROMPT = 64
const WARM_UP_TOKENS = 8
/** Least context of a model that is to be warmed up. */
export const WARM_UP_POSITIONS = WARM_UP_PROMPT + WARM_UP_TOKENS

/** V8 compiles kernels again while they run: generates until that is over. What is slow is warm after a few tokens. */
export async function warmUp(generate: (promptTokens: number, tokens: number) => Promise<unknown>): Promise<void> {
  const startedMs = performance.now()
  await generate(WARM_UP_TOKENS, WARM_UP_TOKENS)
  while (performance.now() - startedMs < WARM_UP_MS) await generate(WARM_UP_PROMPT, WARM_UP_TOKENS)
}
