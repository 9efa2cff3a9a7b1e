// Ids for prompts whose content does not matter. Pure.

/** Neighbours of 1 begin far from it. */
const SPREAD = 0x9e3779b1

/** The same ids in every run, others for every `seed`; a constant of Numerical Recipes' generators. */
export function randomIds(count: number, vocabularySize: number, seed = 1): number[] {
  let state = (1 + Math.imul(seed - 1, SPREAD)) >>> 0
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * vocabularySize)
  })
}
