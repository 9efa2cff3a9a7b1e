// Prints a report the way the user asked for.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Option } from '../cli/shell/arguments.ts'
import { write } from '../cli/shell/output.ts'
import { machineFacts } from './machine.ts'
import { type Report, reportJson, reportMarkdown } from './report.ts'

export const OUTPUT_OPTION = {
  kind: 'choice',
  names: ['-o', '--output'],
  value: 'FORMAT',
  choices: ['md', 'json'],
  help: 'md or json (md)',
} as const satisfies Option

/** Prints the report; with `savePrefix` also writes PREFIX.md and PREFIX.json. */
export function printReport(report: Report, format: 'md' | 'json' = 'md', savePrefix?: string): void {
  const machine = machineFacts()
  const texts = { md: reportMarkdown(report, machine), json: reportJson(report, machine) }
  write(texts[format])
  if (savePrefix === undefined) return
  mkdirSync(dirname(savePrefix), { recursive: true })
  writeFileSync(`${savePrefix}.md`, texts.md)
  writeFileSync(`${savePrefix}.json`, texts.json)
}
