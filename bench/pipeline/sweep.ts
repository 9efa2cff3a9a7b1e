// The policies in thousands of random settings on the virtual clock: how far each falls short of what it should reach, and
// where most.
import { defineCommand } from '../../cli/shell/command.ts'
import { write } from '../../cli/shell/output.ts'
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

export const command = defineCommand({
  usage: '[options]',
  positionalsMax: 0,
  options: {
    settings: {
      kind: 'integer',
      names: ['--settings'],
      value: 'N',
      least: 1,
      help: 'random settings (2000, in 2 minutes)',
    },
    first: { kind: 'integer', names: ['--first'], value: 'N', least: 0, help: 'number of the first one (0)' },
    tokens: { kind: 'integer', names: ['--tokens'], value: 'N', least: 50, help: 'tokens per run (600)' },
    worst: { kind: 'integer', names: ['--worst'], value: 'N', least: 0, help: 'worst settings that are named (5)' },
  },
  async run({ values, signal }) {
    const { settings = SETTINGS, first = 0, tokens = TOKENS, worst = WORST } = values
    const found: { readonly name: string; readonly comparison: Comparison }[] = []
    for (let index = first; index < first + settings; index++) {
      signal.throwIfAborted()
      const setting = drawSetting(index)
      found.push({ name: `${index}: ${setting.name}`, comparison: compare(setting, tokens) })
    }
    write(`${settings} random settings, runs of ${tokens} tokens\n\n`)
    write(`| ratio | least | 1st percentile | 5th | median |\n| --- |${' ---: |'.repeat(4)}\n`)
    for (const [name, ratio] of Object.entries(RATIOS)) {
      const ratios = found.map(({ comparison }) => ratio(comparison)).sort((a, b) => a - b)
      const at = (share: number) => ratios[Math.floor(share * (ratios.length - 1))]!.toFixed(3)
      write(`| ${[name, at(0), at(0.01), at(0.05), at(0.5)].join(' | ')} |\n`)
    }
    for (const [name, ratio] of Object.entries(RATIOS)) {
      write(`\nworst of ${name}:\n`)
      const sorted = found.toSorted((a, b) => ratio(a.comparison) - ratio(b.comparison))
      for (const { name: where, comparison } of sorted.slice(0, worst)) {
        write(`- ${ratio(comparison).toFixed(3)} ${where}: ${speeds(comparison)}\n`)
      }
    }
  },
})

const speeds = ({ plain, sync, syncK, pipe, pipeN, auto, bound }: Comparison): string =>
  `plain ${plain.toFixed(1)}, sync ${syncK} ${sync.toFixed(1)}, pipe ${pipeN} ${pipe.toFixed(1)}, ` +
  `auto ${auto.toFixed(1)}, bound ${bound.toFixed(1)} tok/s`
