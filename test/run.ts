// Runs every compiled test file as a child process of its own, two at a time. uvu has no timeouts and a parked
// `Atomics.wait` never returns, so a watchdog ends a file that gets nowhere, with everything it has started.
//
//   node dist/test/run.js [--quiet SECONDS] [PART-OF-A-PATH ...]
import { existsSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { killAll, runFile } from './runner/file-run.ts'
import { slowness } from './runner/speed.ts'
import { addSkips, type Counts, skipLines, summaryLine } from './runner/summary.ts'
import type { Limits } from './runner/watchdog.ts'
import { repositoryPath } from './shared.ts'

const FILES_AT_ONCE = 2
const QUIET_SECONDS = 120
/** On a machine as fast as the reference. The longest test takes a tenth of it. */
const BUSY_SECONDS = 600

const testRoot = fileURLToPath(new URL('.', import.meta.url))

/** Test files below dist/test whose source still exists: the compiler leaves the output of deleted sources behind. */
function findFiles(parts: readonly string[]): string[] {
  return readdirSync(testRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => existsSync(join(repositoryPath('test'), file.replace(/\.js$/, '.ts'))))
    .map((file) => file.split(sep).join('/'))
    .filter((file) => parts.length === 0 || parts.some((part) => `test/${file}`.includes(part)))
    .sort()
}

async function runAll(files: readonly string[], limits: Limits): Promise<{ counts: Counts; skips: string[] }> {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const reasons = new Map<string, number>()
  const waiting = [...files]
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const outcome = await runFile(join(testRoot, file), limits)
      counts.passed += outcome.counts.passed
      counts.failed += outcome.counts.failed
      counts.skipped += outcome.counts.skipped
      addSkips(reasons, outcome.skips)
      const name = `test/${file.replace(/\.js$/, '')}`
      console.log(`${name}: ${summaryLine(outcome.counts)} (${outcome.seconds.toFixed(1)} s)`)
      if (outcome.report !== '') console.log(outcome.report)
    }
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker))
  return { counts, skips: skipLines(reasons) }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    killAll()
    process.exit(130)
  })
}

const { values, positionals } = parseArgs({
  options: { quiet: { type: 'string', default: String(QUIET_SECONDS) } },
  allowPositionals: true,
})
const files = findFiles(positionals)
const busySecondsMax = Math.round(BUSY_SECONDS * slowness())
const { counts, skips } = await runAll(files, { quietSecondsMax: Number(values.quiet), busySecondsMax })
if (files.length === 0) console.log('no test file found')
for (const line of skips) console.log(line)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 || files.length === 0 ? 1 : 0
