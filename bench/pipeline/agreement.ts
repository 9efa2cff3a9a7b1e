// The same settings on the virtual clock and on real threads, side by side.
import { write } from '../../cli/output.ts'
import { eager } from './compare.ts'
import { EmulatedPipeline } from './emulated.ts'
import { boundTokS, type PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual.ts'

/** Tokens per second of one policy. */
export interface Pair {
  readonly virtual: number
  readonly real: number
}

export interface Agreement {
  readonly plain: Pair
  readonly sync: Pair
  readonly pipe: Pair
  readonly bound: number
  /** Real to virtual, where it is the farthest from 1. */
  readonly worst: number
  /** Median milliseconds from a cancellation to the end of the work it stopped, under `pipe`. */
  readonly stopMs: number
}

/** Tokens of a plain run: all of them take the same time. */
const PLAIN_TOKENS = 25

/** Runs every policy both ways; `syncK` drafted tokens per round of `sync`. */
export async function agree(setting: PipelineSetting, syncK: number, tokens: number): Promise<Agreement> {
  await using emulated = await EmulatedPipeline.start(setting, tokens)
  const both = async (draft: Parameters<typeof runVirtual>[1], count: number) => {
    const { tokS, stopMsP50 } = await emulated.run(draft, count)
    return { virtual: runVirtual(setting, draft, count).tokS, real: tokS, stopMsP50 }
  }
  const plain = await both(undefined, Math.min(tokens, PLAIN_TOKENS))
  const sync = await both(eager('sync', syncK), tokens)
  const { stopMsP50, ...pipe } = await both(eager('pipe', setting.rowsMax), tokens)
  const ratios = [plain, sync, pipe].map(({ virtual, real }) => real / virtual)
  const worst = ratios.reduce((a, b) => (Math.abs(Math.log(b)) > Math.abs(Math.log(a)) ? b : a))
  const bound = boundTokS(setting, tokens)
  return { plain, sync, pipe, bound, worst, stopMs: stopMsP50 }
}

export function writeAgreementHead(): void {
  const columns = [
    ...['drafter ms', 'hop ms', 'right', 'plain', 'real', 'sync (k)', 'real', 'pipe', 'real', 'bound'],
    ...['real pipe / bound', 'real pipe / best other', 'real pipe / sync', 'real / virtual, worst', 'stop ms'],
  ]
  write(`| ${columns.join(' | ')} |\n|${' ---: |'.repeat(columns.length)}\n`)
}

export function writeAgreement({ draftMs, hopMs, accuracy }: PipelineSetting, syncK: number, found: Agreement): void {
  const { plain, sync, pipe, bound, worst, stopMs } = found
  const cells = [
    ...[draftMs, hopMs, accuracy],
    ...[plain.virtual.toFixed(1), plain.real.toFixed(1)],
    ...[`${sync.virtual.toFixed(1)} (${syncK})`, sync.real.toFixed(1)],
    ...[pipe.virtual.toFixed(1), pipe.real.toFixed(1), bound.toFixed(1)],
    (pipe.real / bound).toFixed(3),
    (pipe.real / Math.max(plain.real, sync.real)).toFixed(3),
    (pipe.real / sync.real).toFixed(2),
    worst.toFixed(3),
    stopMs.toFixed(2),
  ]
  write(`| ${cells.join(' | ')} |\n`)
}
