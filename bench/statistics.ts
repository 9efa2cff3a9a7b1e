// What is computed from measured times. Pure.
import { median } from '../cli/shell/figures.ts'

/** Shortest stretch that counts as a best one: less would measure when the caller looked, not when tokens were made. */
const BEST_MS = 2

/** Speeds in tokens per second. */
export interface DecodeSpeed {
  /** From the median time of a token. */
  readonly medianTokS: number
  /** The fastest token; of tokens below 2 ms the fastest 2 ms. */
  readonly bestTokS: number
  /** All tokens over the whole time. */
  readonly meanTokS: number
}

interface Delivery {
  readonly ms: number
  readonly tokens: number
}

/** Tokens with the time since the ones before, for all but the first, from the ascending times at which they arrived. */
function deliveries(arrivalsMs: readonly number[]): Delivery[] {
  const found: { ms: number; tokens: number }[] = []
  let previousMs: number | undefined
  for (const ms of arrivalsMs) {
    if (ms === previousMs) found.at(-1)!.tokens++
    else found.push({ ms: ms - (previousMs ?? 0), tokens: 1 })
    previousMs = ms
  }
  return found.slice(1)
}

/**
 * Milliseconds every token took. Tokens that arrived at the same time share the time since the ones before; those that
 * arrived with the first have none.
 */
export function tokenGaps(arrivalsMs: readonly number[]): number[] {
  return deliveries(arrivalsMs).flatMap(({ ms, tokens }) => new Array<number>(tokens).fill(ms / tokens))
}

/** Decode speed over several generations, each given by the arrival times of its tokens. NaN where nothing was timed. */
export function decodeSpeed(generations: readonly (readonly number[])[]): DecodeSpeed {
  const gaps = generations.flatMap(tokenGaps)
  const totalMs = gaps.reduce((sum, gap) => sum + gap, 0)
  return {
    medianTokS: gaps.length === 0 ? Number.NaN : 1000 / median(gaps),
    bestTokS: gaps.length === 0 ? Number.NaN : Math.max(...generations.map((times) => bestTokS(deliveries(times)))),
    meanTokS: (gaps.length * 1000) / totalMs,
  }
}

/** Tokens per second of the fastest stretch of at least `BEST_MS`; of all where they took less. */
function bestTokS(timed: readonly Delivery[]): number {
  let best = 0
  for (let begin = 0; begin < timed.length; begin++) {
    let ms = 0
    let tokens = 0
    for (let end = begin; end < timed.length && ms < BEST_MS; end++) {
      ms += timed[end]!.ms
      tokens += timed[end]!.tokens
    }
    if (ms >= BEST_MS || begin === 0) best = Math.max(best, (tokens * 1000) / ms)
  }
  return best
}

export interface SideBySide {
  /** Of all together. */
  readonly tokS: number
  /** Between two tokens of a text. */
  readonly gapsMs: readonly number[]
}

/**
 * What several texts got while all of them were being written: from the last first token to the first last one. Each counts
 * from its first token then to its last, so that it does not matter on which side of a limit a step lies. NaN where there
 * was no such time.
 */
export function sideBySide(texts: readonly (readonly number[])[]): SideBySide {
  const beginMs = Math.max(...texts.map((arrivalsMs) => arrivalsMs[0]!))
  const endMs = Math.min(...texts.map((arrivalsMs) => arrivalsMs.at(-1)!))
  const within = texts.map((arrivalsMs) => arrivalsMs.filter((ms) => ms >= beginMs && ms <= endMs))
  const speeds = within.map((arrivalsMs) => ((arrivalsMs.length - 1) * 1000) / (arrivalsMs.at(-1)! - arrivalsMs[0]!))
  return { tokS: speeds.reduce((sum, speed) => sum + speed, 0), gapsMs: within.flatMap(tokenGaps) }
}

/** The least value that so large a share of all does not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Equal ids that two texts begin with. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const different = a.findIndex((id, i) => id !== b[i])
  return different === -1 ? a.length : different
}
