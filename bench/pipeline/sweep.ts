// The policies in thousands of random settings on the virtual clock: how far each falls short of what it should reach, and
// where most.
import { count, defineBench } from '../harness.ts'
import { type Comparison, compare } from './compare.ts'
import { drawSetting } from './random-setting.ts'

const SETTINGS = 2000
const TOKENS = 600
const WORST = 5

/** What must not be far below 1, by its name. */
const RATIOS: Readonly<Record<string, (found: Comparison) => number>> = {
  'pipe / bound': ({ pipe, bound }) => pipe / bound,
  'pipe / best other': ({ pipe, plain, sync }) => pipe / Math.max(plain, sync),
  'auto / best': ({ auto, plain, sync, pipe }) => auto / Math.max(plain, sync, pipe),
}

export const bench = defineBench({
  usage: '[options]',
  positionalsMax: 0,
  options: {
    settings: count(['--settings'], 'random settings (2000, in 2 minutes)'),
    first: { kind: 'integer', names: ['--first'], value: 'N', least: 0, help: 'number of the first one (0)' },
    tokens: { kind: 'integer', names: ['--tokens'], value: 'N', least: 50, help: 'tokens per run (600)' },
    worst: { kind: 'integer', names: ['--worst'], value: 'N', least: 0, help: 'worst settings that are named (5)' },
  },
  async measure({ values, signal }) {
    const { settings = SETTINGS, first = 0, tokens = TOKENS, worst = WORST } = values
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
    const about = `${settings} random emulated settings, runs of ${tokens} tokens`
    return { about, options: { settings, first, tokens }, columns: COLUMNS, rows, notes: notes.slice(1) }
  },
})

const COLUMNS = [
  { key: 'name', title: 'ratio' },
  { key: 'least', title: 'least', decimals: 3 },
  { key: 'percentile1', title: '1st percentile', decimals: 3 },
  { key: 'percentile5', title: '5th', decimals: 3 },
  { key: 'median', title: 'median', decimals: 3 },
]

const speeds = ({ plain, sync, syncK, pipe, pipeN, auto, bound }: Comparison): string =>
  `plain ${plain.toFixed(1)}, sync ${syncK} ${sync.toFixed(1)}, pipe ${pipeN} ${pipe.toFixed(1)}, ` +
  `auto ${auto.toFixed(1)}, bound ${bound.toFixed(1)} tok/s`
