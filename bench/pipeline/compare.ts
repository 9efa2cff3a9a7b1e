// One setting, every policy.
import { type DraftParameters, resolveDraft } from '../../engine/spec/parameters.ts'
import { drawnAccuracy } from './script.ts'
import { boundTokS, type PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual.ts'

/** Rounds of `sync` that are tried. */
const ROUNDS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 19, 22, 26, 32]

/** Tokens per second. */
export interface Comparison {
  readonly plain: number
  readonly sync: number
  /** The best number of drafted tokens of a `sync` round. */
  readonly syncK: number
  readonly pipe: number
  /** Of what these may do it finds out by itself which is best. */
  readonly auto: number
  /** For the guesses that were drawn. */
  readonly bound: number
}

/** Draft parameters under which nothing is held back: the scripted drafter is always sure. */
export const eager = (policy: DraftParameters['policy'], nMax: number): DraftParameters =>
  resolveDraft(policy, { nMax, pMin: 0 })

export function compare(setting: PipelineSetting, tokens: number): Comparison {
  const plain = runVirtual(setting, undefined, Math.min(tokens, 50)).tokS
  let [sync, syncK] = [0, 0]
  for (const k of ROUNDS) {
    const { tokS } = runVirtual(setting, eager('sync', k), tokens)
    if (tokS > sync) [sync, syncK] = [tokS, k]
  }
  const pipe = runVirtual(setting, eager('pipe', setting.rowsMax), tokens).tokS
  const auto = runVirtual(setting, resolveDraft('auto', {}), tokens).tokS
  const accuracy = drawnAccuracy(setting, tokens)
  return { plain, sync, syncK, pipe, auto, bound: boundTokS({ ...setting, accuracy }) }
}
