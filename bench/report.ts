// What every bench prints: a table for people, or the same rows with the machine and the options for programs. Pure.
import type { MachineFacts } from './machine.ts'

/** By the field of the rows, whose names end in their unit: the title, and the decimals if not three significant digits. */
export type Columns = Readonly<Record<string, string | readonly [title: string, decimals: number]>>

/** What a bench found. */
export interface Findings {
  /** What was measured, in one line. */
  readonly about: string
  /** Where it is more, or less, than the values that were given and are usual. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly columns: Columns
  /** May have more fields than the table has columns. */
  readonly rows: readonly object[]
  /** Lines below the table. */
  readonly notes?: readonly string[]
}

export interface Report extends Findings {
  readonly bench: string
}

/** A title, the machine, the table and the notes. */
export function reportMarkdown(report: Report, machine: MachineFacts): string {
  const { about, notes = [] } = report
  const rows = report.rows as readonly Readonly<Record<string, unknown>>[]
  const columns = Object.entries(report.columns).map(([key, told]) =>
    typeof told === 'string' ? ([key, told] as const) : ([key, ...told] as const),
  )
  const isNumeric = (key: string) => rows.some((row) => typeof row[key] === 'number')
  const table = markdownTable(
    columns.map(([, title]) => title),
    rows.map((row) => columns.map(([key, , decimals]) => shownCell(row[key], decimals))),
    new Set([...columns.keys()].filter((index) => isNumeric(columns[index]![0]))),
  )
  return `${[`**${about}**`, '', machineLine(machine), '', ...table, ...(notes.length > 0 ? [''] : []), ...notes].join('\n')}\n`
}

/** The lines of a table; columns in `numeric` are set flush right. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: ReadonlySet<number>,
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(titles), line(titles.map((_, index) => (numeric.has(index) ? '---:' : '---'))), ...rows.map(line)]
}

/** One JSON object; NaN and infinities become null. */
export function reportJson(report: Report, machine: MachineFacts): string {
  const { bench, about, options, rows, notes = [] } = report
  return `${JSON.stringify({ bench, about, machine, options, rows, notes }, null, 2)}\n`
}

/** The table's columns by their keys, numbers in full. */
export function reportCsv({ columns, rows }: Report): string {
  const cell = (value: unknown) => {
    const text = value === undefined || value === null || Number.isNaN(value) ? '' : String(value)
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const line = (values: readonly unknown[]) => `${values.map(cell).join(',')}\n`
  const known = rows as readonly Readonly<Record<string, unknown>>[]
  const keys = Object.keys(columns)
  return [keys, ...known.map((row) => keys.map((key) => row[key]))].map(line).join('')
}

/** Yes and no for truth values, a dash for what is not known. */
export function shownCell(value: unknown, decimals?: number): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value !== 'number')
    return value === null || value === undefined ? '-' : String(value).replaceAll('|', '\\|')
  if (!Number.isFinite(value)) return '-'
  if (decimals !== undefined) return value.toFixed(decimals)
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-3)))))
}

const machineLine = ({ cpu, usableCores, memoryGib, node, v8, commit, date, loadBefore }: MachineFacts): string =>
  `${cpu}, ${usableCores} usable cores, ${memoryGib} GiB; Node ${node} (V8 ${v8}); ` +
  `commit ${commit ?? 'unknown'}; ${date}; load before ${loadBefore}`
