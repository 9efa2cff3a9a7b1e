// The same settings on the virtual clock and on real threads, side by side.
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { boundTokS } from './bound.ts'
import { type Comparison, eager } from './compare.ts'
import { EmulatedPipeline } from './emulated.ts'
import type { PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual-run.ts'

/** Tokens per second. */
type Speeds = Pick<Comparison, 'plain' | 'sync' | 'pipe' | 'auto'>

export interface Agreement {
  readonly virtual: Speeds
  readonly real: Speeds
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
  const runs = {
    plain: [undefined, PLAIN_TOKENS],
    sync: [eager('sync', syncK), tokensOf('sync')],
    pipe: [eager('pipe', pipeN), tokensOf('pipe')],
    auto: [resolveDraft('auto', {}), tokensOf('auto')],
  } as const
  const [virtual, real] = [
    { plain: 0, sync: 0, pipe: 0, auto: 0 },
    { plain: 0, sync: 0, pipe: 0, auto: 0 },
  ]
  let stopMs = Number.NaN
  await using emulated = await EmulatedPipeline.start(setting, tokens ?? RUN_TOKENS.most)
  for (const policy of ['plain', 'sync', 'pipe', 'auto'] as const) {
    const [draft, count] = runs[policy]
    const { tokS, stopMsP50 } = await emulated.run(draft, count)
    virtual[policy] = runVirtual(setting, draft, count).tokS
    real[policy] = tokS
    if (policy === 'pipe') stopMs = stopMsP50
  }
  // What `auto` does depends on what it measures.
  const ratios = (['plain', 'sync', 'pipe'] as const).map((policy) => real[policy] / virtual[policy])
  const worst = ratios.reduce((a, b) => (Math.abs(Math.log(b)) > Math.abs(Math.log(a)) ? b : a))
  return { virtual, real, bound: boundTokS(setting, tokensOf('pipe')), worst, stopMs }
}
