// What taking a trace costs where tokens are fastest: the embedded model with and without one, several loads of each, whose
// runs take turns. Loads of the same model differ more (where memory lies, which threads share a core) than traces cost.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../../cli/shell/figures.ts'
import { EMBEDDED_MODEL } from '../../cli/shell/load.ts'
import { note } from '../../cli/shell/output.ts'
import { loadModel, type Model } from '../../index.ts'
import { count, defineBench } from '../harness.ts'

const DRAFT_MODEL = fileURLToPath(new URL('../../../cli/models/stories75K-draft.gguf', import.meta.url))
const LOADS = 5
const RUNS = 60
/** Runs of each load before any counts. */
const WARM_UP = 8
const TOKENS = 200
const POLICIES = ['off', 'pipe'] as const
const LIMIT = 1.02

export const bench = defineBench({
  usage: '[--loads 5] [--runs 60]',
  positionalsMax: 0,
  options: {
    loads: count(['--loads'], 'models with a trace, and without (5)'),
    runs: count(['--runs'], 'runs of each model, in turns (60)'),
  },
  async measure({ values, signal }) {
    const { loads = LOADS, runs = RUNS } = values
    const rows: object[] = []
    for (const policy of POLICIES) {
      note(`${policy}\n`)
      rows.push(summary(policy, await measure(policy, loads, runs, signal)))
    }
    return {
      about: `Microseconds per token of stories260K without and with a trace: ${loads} loads of each, ${runs} runs of ${TOKENS} tokens in turns`,
      options: { loads, runs, tokens: TOKENS, warmUp: WARM_UP },
      columns: COLUMNS,
      rows,
      notes: [
        'The best tenth of all runs shows the cost of a trace, since the rest differ by what else the cores did: so do the',
        'medians of single loads without a trace (last column).',
      ],
    }
  },
})

const COLUMNS = [
  { key: 'policy', title: 'policy' },
  { key: 'fastestUs', title: 'without: best tenth', decimals: 1 },
  { key: 'tracedFastestUs', title: 'with', decimals: 1 },
  { key: 'ratio', title: 'ratio', decimals: 3 },
  { key: 'isWithin', title: `below ${LIMIT}` },
  { key: 'medianUs', title: 'without: median', decimals: 1 },
  { key: 'tracedMedianUs', title: 'with', decimals: 1 },
  { key: 'ratioOfMedians', title: 'ratio', decimals: 3 },
  { key: 'loadSpread', title: 'slowest load / fastest', decimals: 3 },
]

/** Microseconds per token, by load and run. */
interface Measured {
  readonly untraced: readonly (readonly number[])[]
  readonly traced: readonly (readonly number[])[]
}

async function measure(
  speculation: (typeof POLICIES)[number],
  loads: number,
  runs: number,
  signal: AbortSignal,
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'tsinfer-tracing-'))
  const models: { readonly model: Model; readonly isTraced: boolean; readonly us: number[] }[] = []
  try {
    for (let load = 0; load < 2 * loads; load++) {
      // Both kinds are loaded early and late alike.
      const isTraced = load % 4 === 1 || load % 4 === 2
      const trace = isTraced ? { trace: join(folder, `${load}.json`) } : {}
      const drafter = speculation === 'off' ? {} : { draftModel: DRAFT_MODEL }
      const model = await loadModel(EMBEDDED_MODEL, { stages: 1, ...drafter, ...trace, experimentalV8: true, signal })
      models.push({ model, isTraced, us: [] })
    }
    for (let run = -WARM_UP; run < runs; run++) {
      const first = (run + WARM_UP) % models.length
      const order = [...models.slice(first), ...models.slice(0, first)]
      for (const { model, us } of run % 2 === 0 ? order : order.reverse()) {
        const options = { temperature: 0, maxTokens: TOKENS, ignoreEos: true, speculation, signal }
        const { stats } = await model.generate('Once upon a time', options).result
        if (run >= 0) us.push(1e6 / stats.tokS)
      }
    }
  } finally {
    for (const { model } of models) await model.close()
    rmSync(folder, { recursive: true })
  }
  const of = (wanted: boolean) => models.filter(({ isTraced }) => isTraced === wanted).map(({ us }) => us)
  return { untraced: of(false), traced: of(true) }
}

function summary(policy: string, { untraced, traced }: Measured) {
  const fastest = (all: readonly (readonly number[])[]) => {
    const sorted = all.flat().sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 10)]!
  }
  const [fastestUs, tracedFastestUs] = [fastest(untraced), fastest(traced)]
  const [medianUs, tracedMedianUs] = [median(untraced.flat()), median(traced.flat())]
  const loadsUs = untraced.map(median)
  const ratio = tracedFastestUs / fastestUs
  return {
    ...{ policy, fastestUs, tracedFastestUs, ratio, isWithin: ratio < LIMIT },
    ...{ medianUs, tracedMedianUs, ratioOfMedians: tracedMedianUs / medianUs },
    loadSpread: Math.max(...loadsUs) / Math.min(...loadsUs),
  }
}
