// The same settings on the virtual clock and on real threads, side by side.
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import type { Column } from '../report.ts'
import { boundTokS } from './bound.ts'
import { type Comparison, eager } from './compare.ts'
import { EmulatedPipeline } from './emulated.ts'
import type { PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual-run.ts'

/** Tokens per second of one policy. */
export interface Pair {
  readonly virtual: number
  readonly real: number
}

export interface Agreement {
  readonly plain: Pair
  readonly sync: Pair
  readonly pipe: Pair
  readonly auto: Pair
  /** For `pipe`. */
  readonly bound: number
  /** Real to virtual, where it is the farthest from 1, of the three that always do the same. */
  readonly worst: number
  /** Median milliseconds from a cancellation to the end of the work it stopped, under `pipe`. */
  readonly stopMs: number
}

/** Unless told otherwise runs are as long as it takes so many seconds, within these numbers of tokens. */
const RUN_SECONDS = 2.5
const RUN_TOKENS = { least: 25, most: 400 }
/** Tokens of a plain run: all of them take the same time. */
const PLAIN_TOKENS = 12

/** Runs every policy both ways, with the parameters that `expected` found best, for `tokens` tokens if that is given. */
export async function agree(setting: PipelineSetting, expected: Comparison, tokens?: number): Promise<Agreement> {
  const { syncK, pipeN } = expected
  const tokensOf = (policy: 'sync' | 'pipe' | 'auto') => {
    const { least, most } = RUN_TOKENS
    return tokens ?? Math.min(most, Math.max(least, Math.ceil(RUN_SECONDS * expected[policy])))
  }
  await using emulated = await EmulatedPipeline.start(setting, tokens ?? RUN_TOKENS.most)
  const both = async (draft: Parameters<typeof runVirtual>[1], count: number) => {
    const { tokS, stopMsP50 } = await emulated.run(draft, count)
    return { virtual: runVirtual(setting, draft, count).tokS, real: tokS, stopMsP50 }
  }
  const plain = await both(undefined, PLAIN_TOKENS)
  const sync = await both(eager('sync', syncK), tokensOf('sync'))
  const { stopMsP50, ...pipe } = await both(eager('pipe', pipeN), tokensOf('pipe'))
  const auto = await both(resolveDraft('auto', {}), tokensOf('auto'))
  // What `auto` does depends on what it measures.
  const ratios = [plain, sync, pipe].map(({ virtual, real }) => real / virtual)
  const worst = ratios.reduce((a, b) => (Math.abs(Math.log(b)) > Math.abs(Math.log(a)) ? b : a))
  return { plain, sync, pipe, auto, bound: boundTokS(setting, tokensOf('pipe')), worst, stopMs: stopMsP50 }
}

export const AGREEMENT_COLUMNS: readonly Column[] = [
  { key: 'draftMs', title: 'drafter ms' },
  { key: 'hopMs', title: 'hop ms' },
  { key: 'accuracy', title: 'right', decimals: 2 },
  { key: 'plain', title: 'plain', decimals: 1 },
  { key: 'plainReal', title: 'real', decimals: 1 },
  { key: 'sync', title: 'sync', decimals: 1 },
  { key: 'syncReal', title: 'real', decimals: 1 },
  { key: 'syncK', title: 'k' },
  { key: 'pipe', title: 'pipe', decimals: 1 },
  { key: 'pipeReal', title: 'real', decimals: 1 },
  { key: 'pipeN', title: 'n' },
  { key: 'auto', title: 'auto', decimals: 1 },
  { key: 'autoReal', title: 'real', decimals: 1 },
  { key: 'bound', title: 'bound', decimals: 1 },
  { key: 'pipeOfBound', title: 'real pipe / bound', decimals: 3 },
  { key: 'pipeOfOthers', title: 'real pipe / best other', decimals: 3 },
  { key: 'pipeOfSync', title: 'real pipe / sync', decimals: 2 },
  { key: 'autoOfBest', title: 'real auto / best', decimals: 3 },
  { key: 'worst', title: 'real / virtual, worst', decimals: 3 },
  { key: 'stopMs', title: 'stop ms', decimals: 2 },
]

export function agreementRow(setting: PipelineSetting, { syncK, pipeN }: Comparison, found: Agreement) {
  const { draftMs, hopMs, accuracy } = setting
  const { bound, worst, stopMs } = found
  const [plain, sync, pipe, auto] = [found.plain.real, found.sync.real, found.pipe.real, found.auto.real]
  return {
    ...{ draftMs, hopMs, accuracy, syncK, pipeN, bound, worst, stopMs },
    ...{ plain: found.plain.virtual, sync: found.sync.virtual, pipe: found.pipe.virtual, auto: found.auto.virtual },
    ...{ plainReal: plain, syncReal: sync, pipeReal: pipe, autoReal: auto },
    pipeOfBound: pipe / bound,
    pipeOfOthers: pipe / Math.max(plain, sync),
    pipeOfSync: pipe / sync,
    autoOfBest: auto / Math.max(plain, sync, pipe),
  }
}
