// What taking a trace costs where tokens are fastest: the embedded model with and without one, several loads of each, whose
// runs take turns. Loads of the same model differ more (where memory lies, which threads share a core) than traces cost.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../../cli/shell/figures.ts'
import { EMBEDDED_MODEL } from '../../cli/shell/load.ts'
import { loadModel, type Model } from '../../index.ts'
import { count, defineBench, inTurns } from '../harness.ts'
import { EMBEDDED_DRAFT } from '../model-files.ts'

/** Runs of each load before any counts. */
const WARM_UP = 8
const TOKENS = 200
const POLICIES = ['off', 'pipe'] as const
const LIMIT = 1.02

export const bench = defineBench({
  options: {
    loads: count(['--loads'], 'models with a trace, and without', { usual: 5 }),
    runs: count(['--runs'], 'runs of each model, in turns', { usual: 60 }),
  },
  async measure({ values: { loads, runs }, signal }) {
    const rows: object[] = []
    for (const policy of POLICIES) rows.push(summary(policy, await measure(policy, loads, runs, signal)))
    return {
      about: `Microseconds per token of stories260K without and with a trace: ${loads} loads of each, ${runs} runs of ${TOKENS} tokens in turns`,
      options: { loads, runs, tokens: TOKENS, warmUp: WARM_UP },
      columns: {
        ...{
          policy: 'policy',
          fastestUs: ['without: best tenth', 1],
          tracedFastestUs: ['with', 1],
          ratio: ['ratio', 3],
        },
        ...{ isWithin: `below ${LIMIT}`, medianUs: ['without: median', 1], tracedMedianUs: ['with', 1] },
        ...{ ratioOfMedians: ['ratio', 3], loadSpread: ['slowest load / fastest', 3] },
      },
      rows,
      notes: [
        'The best tenth of all runs shows the cost of a trace, since the rest differ by what else the cores did: so do the',
        'medians of single loads without a trace (last column).',
      ],
    }
  },
})

async function measure(speculation: (typeof POLICIES)[number], loads: number, runs: number, signal: AbortSignal) {
  const folder = mkdtempSync(join(tmpdir(), 'tsinfer-tracing-'))
  const models: { readonly model: Model; readonly isTraced: boolean; readonly us: number[] }[] = []
  try {
    for (let load = 0; load < 2 * loads; load++) {
      // Both kinds are loaded early and late alike.
      const isTraced = load % 4 === 1 || load % 4 === 2
      const trace = isTraced ? { trace: join(folder, `${load}.json`) } : {}
      const drafter = speculation === 'off' ? {} : { draftModel: EMBEDDED_DRAFT }
      const model = await loadModel(EMBEDDED_MODEL, { stages: 1, ...drafter, ...trace, experimentalV8: true, signal })
      models.push({ model, isTraced, us: [] })
    }
    const options = { temperature: 0, maxTokens: TOKENS, ignoreEos: true, speculation, signal }
    await inTurns(models, { what: speculation, rounds: WARM_UP + runs, signal }, async ({ model, us }, round) => {
      const { stats } = await model.generate('Once upon a time', options).result
      if (round >= WARM_UP) us.push(1e6 / stats.tokS)
    })
  } finally {
    for (const { model } of models) await model.close()
    rmSync(folder, { recursive: true })
  }
  // Microseconds per token, by load and run.
  const of = (wanted: boolean) => models.filter(({ isTraced }) => isTraced === wanted).map(({ us }) => us)
  return { untraced: of(false), traced: of(true) }
}

function summary(policy: string, { untraced, traced }: Awaited<ReturnType<typeof measure>>) {
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
