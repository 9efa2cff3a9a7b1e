// The policies in thousands of random settings on the virtual clock: how far each falls short of what it should reach, and
// where most.
import { count, defineBench } from '../harness.ts'
import { type Comparison, compare } from './compare.ts'
import { drawSetting } from './random-setting.ts'

/** What must not be far below 1, by its name. */
const RATIOS: Readonly<Record<string, (found: Comparison) => number>> = {
  'pipe / bound': ({ pipe, bound }) => pipe / bound,
  'pipe / best other': ({ pipe, plain, sync }) => pipe / Math.max(plain, sync),
  'auto / best': ({ auto, plain, sync, pipe }) => auto / Math.max(plain, sync, pipe),
}

export const bench = defineBench({
  options: {
    settings: count(['--settings'], 'random settings, 2000 in 2 minutes', { usual: 2000 }),
    first: count(['--first'], 'number of the first one', { usual: 0, least: 0 }),
    tokens: count(['--tokens'], 'tokens per run', { usual: 600, least: 50 }),
    worst: count(['--worst'], 'worst settings that are named', { usual: 5, least: 0 }),
  },
  async measure({ values: { settings, first, tokens, worst }, signal }) {
    const found: { readonly name: string; readonly comparison: Comparison }[] = []
    for (let index = first; index < first + settings; index++) {
      signal.throwIfAborted()
      const setting = drawSetting(index)
      found.push({ name: `${index}: ${setting.name}`, comparison: compare(setting, tokens) })
    }
    const rows = Object.entries(RATIOS).map(([name, ratio]) => {
      const ratios = found.map(({ comparison }) => ratio(comparison)).sort((a, b) => a - b)
      const at = (share: number) => ratios[Math.floor(share * (ratios.length - 1))]!
      return { name, least: at(0), percentile1: at(0.01), percentile5: at(0.05), median: at(0.5) }
    })
    const notes = Object.entries(RATIOS).flatMap(([name, ratio]) => {
      const sorted = found.toSorted((a, b) => ratio(a.comparison) - ratio(b.comparison)).slice(0, worst)
      const lines = sorted.map(({ name: where, comparison }) => {
        return `- ${ratio(comparison).toFixed(3)} ${where}: ${speeds(comparison)}`
      })
      return ['', `worst of ${name}:`, ...lines]
    })
    return {
      about: `${settings} random emulated settings, runs of ${tokens} tokens`,
      columns: {
        ...{ name: 'ratio', least: ['least', 3], percentile1: ['1st percentile', 3], percentile5: ['5th', 3] },
        median: ['median', 3],
      },
      rows,
      notes: notes.slice(1),
    }
  },
})

const speeds = ({ plain, sync, syncK, pipe, pipeN, auto, bound }: Comparison): string =>
  `plain ${plain.toFixed(1)}, sync ${syncK} ${sync.toFixed(1)}, pipe ${pipeN} ${pipe.toFixed(1)}, ` +
  `auto ${auto.toFixed(1)}, bound ${bound.toFixed(1)} tok/s`
