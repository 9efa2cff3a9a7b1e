// Seeded randomness: the same seed gives the same numbers on every machine.

export interface Random {
  /** An integer in `low..high`. */
  int(low: number, high: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** A 32-bit mix of two integers: every bit of the result depends on every bit of both. */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}

export function createRandom(seed: number): Random {
  let counter = 0
  const unit = () => mix(seed | 0, counter++) / 2 ** 32
  const int = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1))
  return { int, chance: (probability) => unit() < probability, pick: (from) => from[int(0, from.length - 1)]! }
}

/** Numbers in [0, 1) from a state on (Mulberry32). */
export function uniformDraws(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
