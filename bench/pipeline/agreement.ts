// The same settings on the virtual clock and on real threads, side by side.
import { write } from '../../cli/shell/output.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { type Comparison, eager } from './compare.ts'
import { EmulatedPipeline } from './emulated.ts'
import { boundTokS, type PipelineSetting } from './setting.ts'
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

export function writeAgreementHead(): void {
  const columns = [
    ...['drafter ms', 'hop ms', 'right', 'plain', 'real', 'sync (k)', 'real', 'pipe (n)', 'real', 'auto', 'real'],
    ...['bound', 'real pipe / bound', 'real pipe / best other', 'real pipe / sync', 'real auto / best'],
    ...['real / virtual, worst', 'stop ms'],
  ]
  write(`| ${columns.join(' | ')} |\n|${' ---: |'.repeat(columns.length)}\n`)
}

export function writeAgreement(setting: PipelineSetting, { syncK, pipeN }: Comparison, found: Agreement): void {
  const { plain, sync, pipe, auto, bound, worst, stopMs } = found
  const cells = [
    ...[setting.draftMs, setting.hopMs, setting.accuracy],
    ...[plain.virtual.toFixed(1), plain.real.toFixed(1)],
    ...[`${sync.virtual.toFixed(1)} (${syncK})`, sync.real.toFixed(1)],
    ...[`${pipe.virtual.toFixed(1)} (${pipeN})`, pipe.real.toFixed(1)],
    ...[auto.virtual.toFixed(1), auto.real.toFixed(1), bound.toFixed(1)],
    (pipe.real / bound).toFixed(3),
    (pipe.real / Math.max(plain.real, sync.real)).toFixed(3),
    (pipe.real / sync.real).toFixed(2),
    (auto.real / Math.max(plain.real, sync.real, pipe.real)).toFixed(3),
    worst.toFixed(3),
    stopMs.toFixed(2),
  ]
  write(`| ${cells.join(' | ')} |\n`)
}
