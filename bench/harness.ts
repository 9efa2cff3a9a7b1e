// The one harness of all benches. A bench says what it measures: options as data, and a function that returns columns and
// rows. What is usual, printing, formats and saving are here; so are turns, since machines drift.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Option, Options, Values } from '../cli/shell/arguments.ts'
import type { Command, Invocation } from '../cli/shell/command.ts'
import { note, write } from '../cli/shell/output.ts'
import { machineFacts } from './machine.ts'
import { type Findings, reportCsv, reportJson, reportMarkdown } from './report.ts'

type Usual = string | number | readonly number[]
interface BenchOption extends Option {
  /** The value where none is given. */
  readonly usual?: Usual | undefined
}
type BenchOptions = Readonly<Record<string, BenchOption>>

/** What was given, or else is usual. */
type Settled<Table extends BenchOptions> = Values<Table> & {
  readonly [Key in keyof Table as Table[Key]['usual'] extends Usual ? Key : never]-?: Required<Values<Table>>[Key]
}

export interface Bench<Table extends BenchOptions = BenchOptions> {
  /** How many models may be named beside the options; none where absent. */
  readonly models?: 'one' | 'several'
  readonly options: Table
  measure(invocation: Invocation<Table> & { readonly values: Settled<Table> }): Promise<Findings>
}

/** Keeps the table's exact type for `measure`. */
export const defineBench = <const Table extends BenchOptions>(bench: Bench<Table>): Bench<Table> => bench

export interface Described<Kind extends Option['kind'], Usual> extends Omit<BenchOption, 'usual'> {
  readonly kind: Kind
  readonly usual: Usual
}
type Bounds<Usual> = { readonly usual?: Usual; readonly least?: number; readonly most?: number }

/** An option that is a number of things, or its like. */
export const count = <Usual extends number | undefined = undefined>(
  names: readonly string[],
  help: string,
  more: Bounds<Usual> = {},
) => ({ kind: 'integer', names, value: 'N', help, least: 1, ...more }) as Described<'integer', Usual>

/** An option that is several numbers. */
export const counts = (names: readonly string[], help: string, more: Bounds<readonly number[]>) =>
  ({ kind: 'integers', names, value: 'N,...', help, least: 0, ...more }) as Described<'integers', readonly number[]>

/** An option that is some word or words. */
export const text = <Usual extends string | undefined = undefined>(
  names: readonly string[],
  value: string,
  help: string,
  usual?: Usual,
) => ({ kind: 'text', names, value, help, usual }) as Described<'text', Usual>

const REPORT_OPTIONS = {
  output: {
    ...{ kind: 'choice', names: ['-o', '--output'], value: 'FORMAT', choices: ['md', 'json', 'csv'] },
    ...{ help: 'md, json or csv', usual: 'md' },
  },
  save: text(['--save'], 'PREFIX', 'also write PREFIX.md and PREFIX.json'),
} as const satisfies BenchOptions

/** The command that measures and reports. */
export function reporting(name: string, { models, options, measure }: Bench): Command<Options> {
  const table: BenchOptions = { ...options, ...REPORT_OPTIONS }
  const usuals = Object.entries(table).flatMap(([key, { usual }]) => (usual === undefined ? [] : [[key, usual]]))
  const shown = Object.entries(table).map(([key, { usual, ...option }]) => {
    return [key, usual === undefined ? option : { ...option, help: `${option.help} (${usual})` }]
  })
  return {
    usage: `${models === undefined ? '' : models === 'one' ? '[MODEL] ' : '[MODEL ...] '}[options]`,
    positionalsMax: models === undefined ? 0 : models === 'one' ? 1 : 100,
    options: Object.fromEntries(shown),
    async run(invocation) {
      const { output, save, ...values } = { ...Object.fromEntries(usuals), ...invocation.values }
      const report = { bench: name, options: values, ...(await measure({ ...invocation, values })) }
      const machine = machineFacts()
      const texts = { md: reportMarkdown(report, machine), json: reportJson(report, machine), csv: reportCsv(report) }
      write(texts[output as keyof typeof texts])
      if (save === undefined) return
      mkdirSync(dirname(save), { recursive: true })
      for (const format of ['md', 'json'] as const) writeFileSync(`${save}.${format}`, texts[format])
    },
  }
}

export interface Turns {
  readonly what: string
  readonly rounds: number
  /** Rounds that were run before. */
  readonly begun?: number
  /** After a turn, so that threads which spin for a while have parked before the next one. */
  readonly pauseMs?: number
  readonly signal: AbortSignal
}

/** Every round gives each case its turn, every other one backwards: a machine whose speed drifts is the same for all. */
export async function inTurns<Case>(
  cases: readonly Case[],
  { what, rounds, begun = 0, pauseMs = 0, signal }: Turns,
  turn: (one: Case, round: number) => Promise<void>,
): Promise<void> {
  for (let round = begun; round < begun + rounds; round++) {
    note(`${what}: round ${round + 1} of ${begun + rounds}\n`)
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      signal.throwIfAborted()
      await turn(one, round)
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }
}
