// The model of the simulator: a hash of the whole visible prefix, layer by layer, through KV cells, so that a row that
// sees one wrong cell gives another result. And the oracle: the same model over a plain list of tokens, which is what
// every request must write whatever happens around it.

import { mix } from '../../bench/forge/random.ts'
import type { GenerateWork, ScoreWork } from '../../engine/scheduler/events.ts'
import { reachableLength } from '../../engine/scheduler/work.ts'

export const LAYERS = 4
export const VOCABULARY = 13
export const STOP_TOKEN = 0

/** What a row is before the first layer. */
export const embed = (token: number, position: number): number => mix(token + 1, position)
/** What a row leaves in its cell in a layer. */
export const cellValue = (hidden: number, layer: number): number => mix(hidden, layer + 100)
/** Adds the next visible cell. */
export const attend = (sum: number, value: number): number => mix(sum, value)
/** What a row is after a layer. */
export const advance = (hidden: number, attended: number): number => mix(hidden, attended)

/** The sampler: a token from a row's result, by request and choice. */
export function sample(result: number, request: number, choice: number): number {
  return mix(mix(result, request + 1000), choice) % VOCABULARY
}

/** A timeline evaluated token by token. */
class Timeline {
  readonly #attended = new Array<number>(LAYERS).fill(0)
  /** What each token has left in its cell, per layer. */
  readonly cells: number[][] = Array.from({ length: LAYERS }, () => [])
  #length = 0

  evaluate(token: number): number {
    let hidden = embed(token, this.#length++)
    for (let layer = 0; layer < LAYERS; layer++) {
      const value = cellValue(hidden, layer)
      this.cells[layer]!.push(value)
      this.#attended[layer] = attend(this.#attended[layer]!, value)
      hidden = advance(hidden, this.#attended[layer]!)
    }
    return hidden
  }
}

/** What lies in the cells of a text, per layer. */
export function expectedCells(tokens: readonly number[]): number[][] {
  const timeline = new Timeline()
  for (const token of tokens) timeline.evaluate(token)
  return timeline.cells
}

export interface ExpectedChoice {
  readonly tokens: readonly number[]
  readonly reason: 'stop' | 'length'
}

/** Results after every position of a scored text, from `work.from` on. */
export function expectedScores(work: ScoreWork): number[] {
  const timeline = new Timeline()
  return Array.from(work.prompt, (token) => timeline.evaluate(token)).slice(work.from)
}

/** What choice `choice` of a request writes. */
export function expectedChoice(
  request: number,
  choice: number,
  work: GenerateWork,
  contextLength: number,
): ExpectedChoice {
  const timeline = new Timeline()
  const results = Array.from(work.prompt, (token) => timeline.evaluate(token))
  let result = results.at(-1)!
  const tokens: number[] = []
  const tokensMax = reachableLength(work, contextLength) - work.prompt.length
  while (tokens.length < tokensMax) {
    const token = sample(result, request, choice)
    if (token === STOP_TOKEN) return { tokens, reason: 'stop' }
    tokens.push(token)
    result = timeline.evaluate(token)
  }
  return { tokens, reason: 'length' }
}
