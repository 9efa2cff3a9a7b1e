// Writes README's table of speeds from the reports that `peers --save` left in docs/benchmarks.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineCommand } from '../../cli/shell/command.ts'
import { note } from '../../cli/shell/output.ts'
import { readmeSection, type SavedReport, withSection } from './readme-table.ts'

const README = new URL('../../../README.md', import.meta.url)
const REPORTS = new URL('../../../docs/benchmarks/', import.meta.url)

export const command = defineCommand({
  usage: '[options]',
  positionalsMax: 0,
  options: {},
  async run() {
    const reports = savedReports()
    writeFileSync(README, withSection(readFileSync(README, 'utf8'), readmeSection(reports)))
    note(`${fileURLToPath(README)}: ${reports.length} reports\n`)
  },
})

/** The reports of peers' bench, by name of their files. */
export function savedReports(): SavedReport[] {
  if (!existsSync(REPORTS)) return []
  return readdirSync(REPORTS)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, REPORTS), 'utf8')) as SavedReport)
    .filter(({ bench }) => bench === 'peers')
}
