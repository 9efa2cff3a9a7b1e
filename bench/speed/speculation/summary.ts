// From single runs to a table of policies. Pure.
import { median } from '../../../cli/shell/figures.ts'
import { TWO_STAGES_PLAIN } from './cases.ts'

/** One run. */
export interface Sample {
  /** Which runs belong together: they alternated, on the same models with the same settings. */
  readonly series: string
  readonly round: number
  readonly name: string
  readonly tokS: number
  readonly drafted: number
  readonly accepted: number
  readonly tokensPerRun: number | null
  /** What `auto` says. */
  readonly why: string | null
  readonly kernels: string
}

export type CaseSummary = ReturnType<typeof summaries>[number]

/** A row for each case, in the order of their first runs. */
export function summaries(samples: readonly Sample[]) {
  const names = [...new Set(samples.map(({ name }) => name))]
  const of = (name: string) => samples.filter((sample) => sample.name === name)
  const speeds = (name: string) => of(name).map(({ tokS }) => tokS)
  const ratio = (name: string, other: string): number => {
    const others = new Map(of(other).map(({ round, tokS }) => [round, tokS]))
    const ratios = of(name).flatMap(({ round, tokS }) => {
      const divisor = others.get(round)
      return divisor === undefined ? [] : [tokS / divisor]
    })
    return ratios.length === 0 ? Number.NaN : median(ratios)
  }
  return names.map((name) => {
    const runs = of(name)
    const sum = (key: 'drafted' | 'accepted') => runs.reduce((total, run) => total + run[key], 0)
    const rivals = names.filter((other) => planOf(other) === planOf(name) && !other.endsWith('auto'))
    const best = rivals.reduce((a, b) => (median(speeds(b)) > median(speeds(a)) ? b : a), rivals[0] ?? name)
    const perRun = runs.flatMap(({ tokensPerRun }) => tokensPerRun ?? [])
    return {
      name,
      rounds: runs.length,
      tokSMedian: median(speeds(name)),
      tokSMin: Math.min(...speeds(name)),
      tokSMax: Math.max(...speeds(name)),
      /** Median over rounds of this case's speed over the first case's in the same round. */
      ofFirst: ratio(name, names[0]!),
      /** The same over plain decoding on two stages; NaN where that was not run. */
      ofTwoStages: ratio(name, TWO_STAGES_PLAIN),
      /** The same over the fastest case of the same plan, in the median, that does not choose for itself. */
      ofBest: ratio(name, best),
      acceptance: sum('drafted') === 0 ? Number.NaN : sum('accepted') / sum('drafted'),
      tokensPerRunMedian: perRun.length === 0 ? Number.NaN : median(perRun),
    }
  })
}

const planOf = (name: string): string => name.slice(0, name.lastIndexOf(','))
