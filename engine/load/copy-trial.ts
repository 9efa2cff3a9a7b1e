// Which of several copies of the same kernels is fastest when weights come from memory. Where V8 has put the code decides
// that for as long as the copy lives, on some processors by a third: presumably their prefetchers learn by the addresses
// of instructions. Pure: the clock, in milliseconds, is given.

/** Enough for a median, as few as a load can afford. */
const COPY_TURNS = 5

/** One compilation of a build. */
export interface KernelCopy {
  /** What a round of the cases took, see kernel-trial.ts; infinite where the copy may not be used. */
  readonly casesMs: number
  /** Multiplies one row with weights that no cache holds. */
  multiply(): void
}

/** The copy with the least median time, the first of several; undefined if none may be used. */
export function fastestCopy<Copy extends KernelCopy>(copies: readonly Copy[], now: () => number): Copy | undefined {
  const timed = copies
    .filter(({ casesMs }) => casesMs < Number.POSITIVE_INFINITY)
    .map((copy) => ({ copy, times: [] as number[] }))
  // All in turns: whatever else the machine does meets each of them.
  for (let turn = 0; turn < COPY_TURNS; turn++) {
    for (const { copy, times } of timed) {
      const startedMs = now()
      copy.multiply()
      times.push(now() - startedMs)
    }
  }
  const medians = timed.map(({ copy, times }) => ({ copy, ms: times.sort((a, b) => a - b)[COPY_TURNS >> 1]! }))
  return medians.reduce<(typeof medians)[number] | undefined>(
    (best, one) => (best === undefined || one.ms < best.ms ? one : best),
    undefined,
  )?.copy
}
