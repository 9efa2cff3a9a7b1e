// The one harness of all benches. A bench says what it measures: options as data, and a function that returns columns and
// rows. Printing, formats and saving are here.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Option, Options } from '../cli/shell/arguments.ts'
import type { Command, Invocation } from '../cli/shell/command.ts'
import { write } from '../cli/shell/output.ts'
import { machineFacts } from './machine.ts'
import { type Report, reportCsv, reportJson, reportMarkdown } from './report.ts'

export interface Bench<Table extends Options = Options> {
  /** After the bench's name in the first line of the help. */
  readonly usage: string
  /** Most words that are no options. */
  readonly positionalsMax: number
  readonly options: Table
  measure(invocation: Invocation<Table>): Promise<Omit<Report, 'bench'>>
}

/** Keeps the table's exact type for `measure`. */
export const defineBench = <const Table extends Options>(bench: Bench<Table>): Bench<Table> => bench

/** An option that is a number of things. */
export const count = <const Names extends readonly string[], const Least extends number = 1>(
  names: Names,
  help: string,
  least: Least = 1 as Least,
) => ({ kind: 'integer', names, value: 'N', least, help }) as const satisfies Option

const REPORT_OPTIONS = {
  output: {
    kind: 'choice',
    names: ['-o', '--output'],
    value: 'FORMAT',
    choices: ['md', 'json', 'csv'],
    help: 'md, json or csv (md)',
  },
  save: { kind: 'text', names: ['--save'], value: 'PREFIX', help: 'also write PREFIX.md and PREFIX.json' },
} as const satisfies Options

/** The command that measures and reports. */
export const reporting = (name: string, bench: Bench): Command<Options> => ({
  usage: `${bench.usage} [-o md|json|csv]`.trimStart(),
  positionalsMax: bench.positionalsMax,
  options: { ...bench.options, ...REPORT_OPTIONS },
  async run(invocation) {
    const { output = 'md', save } = invocation.values as { output?: 'md' | 'json' | 'csv'; save?: string }
    const report = { bench: name, ...(await bench.measure(invocation)) }
    const machine = machineFacts()
    const texts = { md: reportMarkdown(report, machine), json: reportJson(report, machine), csv: reportCsv(report) }
    write(texts[output])
    if (save === undefined) return
    mkdirSync(dirname(save), { recursive: true })
    for (const format of ['md', 'json'] as const) writeFileSync(`${save}.${format}`, texts[format])
  },
})
