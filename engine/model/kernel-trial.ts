// Whether kernels give the same bits before and after the optimizing compiler took them over. Pure: the clock is given.
import type { KernelCase } from './kernel-cases.ts'
import type { Kernels } from './kernels.ts'

/** Optimized code takes at most this share of the baseline's time; it takes about half. */
const OPTIMIZED_SHARE = 0.75
/** Functions are optimized one after the other: all have been when a round has not become faster for this long. */
const STEADY_MS = 40
/** A round that is this much faster is no noise. */
const FASTER_SHARE = 0.97
/** Kernels that got no faster in this time prove nothing. */
const TIME_LIMIT_MS = 1500

export interface Trial {
  /** Milliseconds. */
  now(): number
  /** Called between the baseline's calls and the candidate's. */
  begin(): void
}

/**
 * Runs the cases with `baseline`, whose kernels nobody has called before, so that the baseline compiler has made them;
 * then with `candidate`, again and again until rounds have become fast and stay as fast. False at the first difference
 * between what the two wrote, and when `candidate` does not become fast.
 */
export function isOptimizedAlike(
  cases: readonly KernelCase[],
  baseline: Kernels,
  candidate: Kernels,
  { now, begin }: Trial,
): boolean {
  // The first calls compile.
  const expected = cases.map((kernelCase) => kernelCase.run(baseline))
  const baselineMs = now()
  for (const kernelCase of cases) kernelCase.run(baseline)
  let bestMs = now() - baselineMs
  const fastMs = bestMs * OPTIMIZED_SHARE
  begin()
  const startedMs = now()
  let steadySinceMs = startedMs
  for (let timeMs = startedMs; timeMs - startedMs < TIME_LIMIT_MS; timeMs = now()) {
    const results = cases.map((kernelCase) => kernelCase.run(candidate))
    const endMs = now()
    if (!results.every((result, i) => isEqual(result, expected[i]!))) return false
    if (endMs - timeMs < bestMs * FASTER_SHARE) {
      bestMs = endMs - timeMs
      steadySinceMs = endMs
    }
    if (bestMs < fastMs && endMs - steadySinceMs > STEADY_MS) return true
  }
  return false
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}
