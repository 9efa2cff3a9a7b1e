// README's table of speeds, from the reports that peers' bench saved: what people run, on the newest Node that was
// measured. All the rest is in docs/benchmarks. Pure.
import { TsinferError } from '../../engine/index.ts'
import type { MachineFacts } from '../machine.ts'
import { markdownTable, shownCell } from '../report.ts'

export const BEGIN = '<!-- bench:peers -->'
export const END = '<!-- /bench:peers -->'

/** What README shows: reading a prompt and writing behind it, of the three weight types that most files have. */
const SHOWN = ['1b-Q4_0', '1b-Q4_K_M', '1b-Q8_0'].flatMap((model) => [`${model} pp512`, `${model} tg64`])

/** What is read of a saved report. */
export interface SavedReport {
  readonly bench: string
  readonly machine: Pick<MachineFacts, 'cpu' | 'usableCores' | 'memoryGib'>
  readonly options: {
    readonly engines: readonly string[]
    readonly threads: number
    readonly rounds: number
    readonly versions: Readonly<Record<string, string>>
  }
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** The text between README's marks: where it was measured, the table, the engines' versions. */
export function readmeSection(reports: readonly SavedReport[]): string {
  if (reports.length === 0) return 'Nothing was measured yet.'
  const machines = distinct(reports.map(({ machine, options }) => machineLine(machine, options.threads)))
  if (machines.length > 1) {
    throw new TsinferError('option_invalid', `expected reports of one machine, found ${machines.join(' and ')}`)
  }
  const engines = distinct(reports.flatMap(({ options }) => options.engines))
  const [ours = ''] = engines
  const titles = ['model', 'test', 'Node', ours, ...engines.slice(1).flatMap((engine) => [engine, 'ratio'])]
  const all = reports.flatMap(({ rows }) => rows)
  const newest = Math.max(...all.map(({ node }) => Number.parseInt(String(node), 10)))
  const shown = all.filter(({ node }) => Number.parseInt(String(node), 10) === newest)
  const byName = (name: string) => shown.filter(({ model, test }) => `${model} ${test}` === name)
  const rows = SHOWN.flatMap(byName).map((row) => tableRow(row, engines))
  const rounds = distinct(reports.map(({ options }) => String(options.rounds)))
  const versions = distinct(reports.flatMap(({ options }) => Object.values(options.versions)))
  return [
    `${machines[0]}. Tokens per second; pp512: a prompt of 512 tokens, tg64: 64 tokens after it. Medians of`,
    `${rounds.join(' or ')} rounds in turns, best ones in brackets; ratio: ${ours}'s median over the other's.`,
    '',
    ...markdownTable(titles, rows, new Set([...titles.keys()].slice(3))),
    '',
    `Measured with ${versions.join(', ')}.`,
  ].join('\n')
}

/** `readme` with `section` between its marks. Throws `option_invalid` where there is no pair of them. */
export function withSection(readme: string, section: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (begin === -1 || end < begin) {
    throw new TsinferError('option_invalid', `expected ${BEGIN} and ${END} in README.md, found no such pair`)
  }
  return `${readme.slice(0, begin + BEGIN.length)}\n${section}\n${readme.slice(end)}`
}

function tableRow(row: Readonly<Record<string, unknown>>, engines: readonly string[]): string[] {
  const speed = (engine: string): string => {
    const [median, best] = [row[`${engine}.median`], row[`${engine}.best`]]
    return median === undefined ? '-' : `${shownCell(median)} (${shownCell(best)})`
  }
  const [ours = '', ...others] = engines
  const compared = others.flatMap((engine) => [speed(engine), shownCell(row[`${engine}.ratioOfMedians`], 2)])
  return [String(row.model), String(row.test), String(row.node), speed(ours), ...compared]
}

const machineLine = ({ cpu, usableCores, memoryGib }: SavedReport['machine'], threads: number): string =>
  `${cpu}, ${usableCores} usable cores, ${memoryGib} GiB, ${threads} threads`

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]
