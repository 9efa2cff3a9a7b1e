// Whether kernels give the same bits before and after the optimizing compiler took them over, and how fast they get. Pure:
// the clock, in milliseconds, is given.

import type { Kernels } from '../model/kernels.ts'
import type { KernelCase } from './kernel-cases.ts'

/** Optimized code takes at most this share of the baseline's time; it takes about half. */
const OPTIMIZED_SHARE = 0.75
/** Functions are optimized one after the other: all have been when a round has not become faster for this long. */
const STEADY_MS = 40
/** A round that is this much faster is no noise. */
const FASTER_SHARE = 0.97
/** Kernels that got no faster in this time prove nothing. */
const TIME_LIMIT_MS = 1500

/** What kernels compute in baseline code. */
interface Baseline {
  readonly results: readonly Uint8Array[]
  /** Time of a round of all cases. */
  readonly ms: number
}

/** Runs the cases with `kernels` that nobody has called before, so that the baseline compiler makes them. */
export function baselineOf(cases: readonly KernelCase[], kernels: Kernels, now: () => number): Baseline {
  // The first calls compile.
  const results = cases.map((kernelCase) => {
    kernelCase.compute(kernels)
    return Uint8Array.from(kernelCase.written)
  })
  return { results, ms: roundMs(cases, kernels, now) }
}

/**
 * Runs the cases with `kernels`, again and again until rounds have become fast and stay as fast; the time of the fastest
 * round. Infinity when anything differs from the baseline in any round, and when they do not become fast.
 */
export function optimizedMs(
  cases: readonly KernelCase[],
  baseline: Baseline,
  kernels: Kernels,
  now: () => number,
): number {
  let bestMs = baseline.ms
  const startedMs = now()
  let steadySinceMs = startedMs
  for (let timeMs = startedMs; timeMs - startedMs < TIME_LIMIT_MS; timeMs = now()) {
    if (!isAlike(cases, baseline, kernels)) return Number.POSITIVE_INFINITY
    const ms = roundMs(cases, kernels, now)
    if (ms < bestMs * FASTER_SHARE) steadySinceMs = now()
    bestMs = Math.min(bestMs, ms)
    if (bestMs < baseline.ms * OPTIMIZED_SHARE && now() - steadySinceMs > STEADY_MS) return bestMs
  }
  return Number.POSITIVE_INFINITY
}

function isAlike(cases: readonly KernelCase[], { results }: Baseline, kernels: Kernels): boolean {
  return cases.every((kernelCase, i) => {
    kernelCase.compute(kernels)
    return isEqual(kernelCase.written, results[i]!)
  })
}

function roundMs(cases: readonly KernelCase[], kernels: Kernels, now: () => number): number {
  const startedMs = now()
  for (const kernelCase of cases) kernelCase.compute(kernels)
  return now() - startedMs
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}
