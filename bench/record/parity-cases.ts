// What is recorded of llama.cpp, and compared with it, for each recipe. Pure.
import type { Pooling } from '../../engine/index.ts'
import type { ForgedType } from '../forge/quantize.ts'
import { RECIPES } from '../forge/recipes.ts'

/** Positions: more than the original context of the recipes that stretch theirs. */
export const PARITY_CONTEXT = 512

export interface ParityRun {
  readonly prompt: readonly number[]
  /** Per step of the greedy path: the best tokens, each followed by its probability. */
  readonly steps: readonly (readonly number[])[]
}

export interface ParityFixture {
  readonly oracle: string
  readonly context: number
  readonly runs: Partial<Record<ForgedType, readonly ParityRun[]>>
  /** Of `EMBEDDED_IDS` in F16, by pooling. */
  readonly embeddings: Partial<Record<Pooling, readonly number[]>>
}

/** Poolings that are compared, with llama.cpp's number in the file. */
export const POOLINGS = [
  ['mean', 1],
  ['cls', 2],
  ['last', 3],
] as const satisfies [Pooling, number][]
export const EMBEDDED_IDS: readonly number[] = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]

const PROMPTS: readonly (readonly number[])[] = [
  [1, 403, 407, 261, 378],
  [1, 17, 499, 3, 3, 250, 128, 77],
]
const STEPS = 24
/** More where those that a router nearly ties at do not count. */
const MIXTURE_STEPS = 60
/** Beyond a chunk of attention, and many times a window. */
const LONG_PROMPT = 280
const LONG_STEPS = 6

export interface ParityPrompt {
  readonly ids: readonly number[]
  readonly steps: number
}

/** Mixtures are compared as floats only: 8-bit activations may choose another expert. Variants are not repeated per type. */
export function parityTypes(name: string): readonly ForgedType[] {
  return isVariant(name) || isMixture(name) ? ['F16'] : ['F16', 'Q8_0', 'Q4_K']
}

export function parityPrompts(name: string, type: ForgedType): ParityPrompt[] {
  const short = PROMPTS.map((ids) => ({ ids, steps: isMixture(name) ? MIXTURE_STEPS : STEPS }))
  if (type !== 'F16' || isMixture(name)) return short
  // Steps that visit every token below 500 in a fixed order.
  const ids = Array.from({ length: LONG_PROMPT }, (_, i) => (i === 0 ? 1 : 3 + ((i * 211) % 497)))
  return [...short, { ids, steps: LONG_STEPS }]
}

export const isMixture = (name: string): boolean => RECIPES[name]!.keys?.expert_count !== undefined

/** One more model of an architecture, for a feature of its own. */
const isVariant = (name: string): boolean => name.includes('-')
