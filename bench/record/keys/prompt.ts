// What `bench keys` evaluates, with llama.cpp and here. Pure.

/** Positions: twice the original context of the recipes that stretch theirs. */
export const SWEEP_CONTEXT = 128
/** Best tokens that are compared. */
export const TOP = 5
/** Longer than the windows of the recipes. */
export const SWEEP_IDS: readonly number[] = Array.from({ length: 40 }, (_, i) => (i === 0 ? 1 : 3 + ((i * 211) % 497)))

/** What llama.cpp makes of the changed keys of a recipe's model. */
export interface KeysFixture {
  readonly oracle: string
  /** The best tokens after the prompt, each followed by its probability, without a change. */
  readonly figures: readonly number[]
  /** How many changes there were. Those that are not named below make no difference. */
  readonly changes: number
  /** Changes, see `changeName`, with which it does not run the model. */
  readonly refused: readonly string[]
  /** Figures of changes that it follows. */
  readonly followed: Readonly<Record<string, readonly number[]>>
}

/** Of every probability: between two engines, and between two runs of one. */
export const LIMITS = { engines: 0.01, runs: 0.001 }

/** Whether two lists of tokens and probabilities say the same. */
export function areClose(found: readonly number[], expected: readonly number[], limit: number): boolean {
  const probabilities = new Map<number, number>()
  for (let i = 0; i < found.length; i += 2) probabilities.set(found[i]!, found[i + 1]!)
  for (let i = 0; i < expected.length; i += 2) {
    const ours = probabilities.get(expected[i]!)
    // A token that is just behind the last of ours has less than that one.
    if (Math.abs((ours ?? found.at(-1)!) - expected[i + 1]!) > limit) return false
  }
  return true
}
