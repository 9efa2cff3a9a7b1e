// One setting, every policy.
import { type DraftParameters, resolveDraft } from '../../engine/speculation/parameters.ts'
import { boundTokS } from './bound.ts'
import type { PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual-run.ts'

/** Lengths of `sync` rounds that are tried. */
const ROUNDS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 19, 22, 26, 32]
/** Sizes of micro-batches of `pipe` that are tried. */
const MICRO_BATCHES = [1, 2, 4, 8]
/** Of many places every so many are tried first. */
const COARSE = 4

/** Tokens per second. */
export interface Comparison {
  readonly plain: number
  readonly sync: number
  /** The best number of drafted tokens of a `sync` round. */
  readonly syncK: number
  readonly pipe: number
  /** The best number of rows of a `pipe` micro-batch. */
  readonly pipeN: number
  /** Of what these may do it finds out by itself which is best. */
  readonly auto: number
  readonly bound: number
}

/** Draft parameters under which nothing is held back: the scripted drafter is always sure. */
export const eager = (policy: DraftParameters['policy'], nMax: number): DraftParameters =>
  resolveDraft(policy, { nMax, pMin: 0 })

/** Runs every policy for `tokens` tokens. */
export function compare(setting: PipelineSetting, tokens: number): Comparison {
  const plain = runVirtual(setting, undefined, Math.min(tokens, 50)).tokS
  const run = (policy: 'sync' | 'pipe', nMax: number, count: number) =>
    runVirtual(setting, eager(policy, nMax), count).tokS
  // Half the text tells which is best.
  const search = Math.ceil(tokens / 2)
  const syncK = best(ROUNDS, (k) => run('sync', k, search))
  const sizes = MICRO_BATCHES.filter((rows) => rows <= setting.rowsMax)
  const pipeN = best(sizes, (n) => run('pipe', n, search))
  const [sync, pipe] = [run('sync', syncK, tokens), run('pipe', pipeN, tokens)]
  const auto = runVirtual(setting, resolveDraft('auto', {}), tokens).tokS
  return { plain, sync, syncK, pipe, pipeN, auto, bound: boundTokS(setting, tokens) }
}

/** Where the speed is highest: some places are tried first, then those around the best of them. */
function best(places: readonly number[], run: (place: number) => number): number {
  const speeds = places.map(() => 0)
  const speed = (at: number) => (speeds[at] ||= run(places[at]!))
  let found = 0
  for (let at = 0; at < places.length; at += COARSE) if (speed(at) > speed(found)) found = at
  for (let at = Math.max(0, found - COARSE + 1); at < Math.min(places.length, found + COARSE); at++) {
    if (speed(at) > speed(found)) found = at
  }
  return places[found]!
}
