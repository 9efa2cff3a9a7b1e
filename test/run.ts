// Runs every compiled test file as a child process of its own, two at a time. uvu has no timeouts and a parked
// `Atomics.wait` never returns, so each file has a watchdog that kills it with everything it started.
//
//   node dist/test/run.js [--watchdog SECONDS] [PART-OF-A-PATH ...]
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { repositoryPath } from './shared.ts'
import { type Counts, readSummary, summaryLine } from './summary.ts'

const FILES_AT_ONCE = 2
const WATCHDOG_SECONDS = 120

const testRoot = fileURLToPath(new URL('.', import.meta.url))
const live = new Set<ChildProcess>()

interface Outcome {
  readonly counts: Counts
  readonly seconds: number
  /** Everything the file printed, and why it counts as failed; empty when all is well. */
  readonly report: string
}

/** Test files below dist/test whose source still exists: the compiler leaves the output of deleted sources behind. */
function findFiles(parts: readonly string[]): string[] {
  return readdirSync(testRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => existsSync(join(repositoryPath('test'), file.replace(/\.js$/, '.ts'))))
    .map((file) => file.split(sep).join('/'))
    .filter((file) => parts.length === 0 || parts.some((part) => `test/${file}`.includes(part)))
    .sort()
}

/** Ends a test file and every process it started: each file leads a process group of its own. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself in the meantime.
  }
}

function runFile(file: string, watchdogSeconds: number): Promise<Outcome> {
  const started = performance.now()
  const child = spawn(process.execPath, [join(testRoot, file)], {
    detached: process.platform !== 'win32',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  live.add(child)
  let output = ''
  let timedOut = false
  const collect = (chunk: string): void => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const watchdog = setTimeout(() => {
    timedOut = true
    kill(child)
  }, watchdogSeconds * 1000)

  return new Promise((resolve, reject) => {
    child.on('error', reject)
    // Processes it left behind would hold its output open.
    child.on('exit', () => kill(child))
    child.on('close', (code, signal) => {
      clearTimeout(watchdog)
      live.delete(child)
      const why = timedOut ? `killed after ${watchdogSeconds} s` : endedBadly(code, signal)
      resolve({ ...judge(output, why), seconds: (performance.now() - started) / 1000 })
    })
  })
}

function endedBadly(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `ended by ${signal}`
  return code === 0 ? undefined : `exit code ${code}`
}

/** A file that printed no summary, or ended badly although every test passed, counts as one failure more. */
function judge(output: string, why: string | undefined): Omit<Outcome, 'seconds'> {
  const counts = readSummary(output)
  if (counts === undefined) {
    return { counts: { passed: 0, failed: 1, skipped: 0 }, report: `${output}\n${why ?? 'printed no summary'}` }
  }
  if (counts.failed > 0) return { counts, report: output }
  if (why !== undefined) return { counts: { ...counts, failed: 1 }, report: `${output}\n${why}` }
  return { counts, report: '' }
}

async function runAll(files: readonly string[], watchdogSeconds: number): Promise<Counts> {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  const waiting = [...files]
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { counts, report, seconds } = await runFile(file, watchdogSeconds)
      sum.passed += counts.passed
      sum.failed += counts.failed
      sum.skipped += counts.skipped
      console.log(`test/${file.replace(/\.js$/, '')}: ${summaryLine(counts)} (${seconds.toFixed(1)} s)`)
      if (report !== '') console.log(report)
    }
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker))
  return sum
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of live) kill(child)
    process.exit(130)
  })
}

const { values, positionals } = parseArgs({
  options: { watchdog: { type: 'string', default: String(WATCHDOG_SECONDS) } },
  allowPositionals: true,
})
const files = findFiles(positionals)
const counts = await runAll(files, Number(values.watchdog))
if (files.length === 0) console.log('no test file found')
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 || files.length === 0 ? 1 : 0
