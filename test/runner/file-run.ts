// One test file as a process of its own, under a watchdog, to its end and that of everything it has started.
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf, FamilyTimes, familyOf, marked } from './family.ts'
import { type Counts, readSkips, readSummary } from './summary.ts'
import { type Limits, Watchdog } from './watchdog.ts'

const LOOK_MS = 1000
/** What a file has just told to end may still be about it. */
const FAREWELL_LOOKS = 40
const FAREWELL_LOOK_MS = 50

export interface Outcome {
  readonly counts: Counts
  /** Why tests were skipped, and how often. */
  readonly skips: ReadonlyMap<string, number>
  readonly seconds: number
  /** Everything the file printed, and why it counts as failed; empty when all is well. */
  readonly report: string
}

const live = new Map<string, ChildProcess>()
let filesBegun = 0

/** Runs the compiled test file at `path`. */
export async function runFile(path: string, limits: Limits): Promise<Outcome> {
  const started = performance.now()
  const mark = `${process.pid}-${filesBegun++}`
  const child = spawn(process.execPath, [path], {
    detached: process.platform !== 'win32',
    env: { ...marked(mark), NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  live.set(mark, child)
  let output = ''
  const collect = (chunk: string): void => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const closed = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (...end) => resolve(end))
  })
  const exited = new Promise((resolve) => child.on('exit', resolve))
  const watch = watchFile(child, mark, limits, () => output.length)
  await Promise.race([exited, closed])
  const why = watch.end()
  // What is left would hold the output open.
  const leftovers = await endFamily(child, mark)
  const end = await closed
  live.delete(mark)
  const behind = leftovers.map((command) => `left behind: ${command}`)
  const faults = [why ?? endedBadly(...end), ...(why === undefined ? behind : [])].filter((one) => one !== undefined)
  return { ...judge(output, faults), seconds: (performance.now() - started) / 1000 }
}

/** Ends all files that run, with everything they have started. */
export function killAll(): void {
  for (const [mark, child] of live) kill(child, mark)
}

/** Looks at a file every second; `end` stops looking and tells why the file was ended, if it was. */
function watchFile(child: ChildProcess, mark: string, limits: Limits, outputLength: () => number) {
  const watchdog = new Watchdog(limits)
  const times = new FamilyTimes()
  let why: string | undefined
  let [lastMs, lastLength] = [performance.now(), 0]
  const timer = setInterval(() => {
    const [nowMs, length] = [performance.now(), outputLength()]
    const family = familyOf(mark)
    const { busyMs, waitedMs } = family ? times.look(family) : { busyMs: undefined, waitedMs: 0 }
    why ??= watchdog.observe({ elapsedMs: nowMs - lastMs, outputBytes: length - lastLength, busyMs, waitedMs })
    lastMs = nowMs
    lastLength = length
    if (why !== undefined) kill(child, mark)
  }, LOOK_MS)
  const end = (): string | undefined => {
    clearInterval(timer)
    return why
  }
  return { end }
}

function kill(child: ChildProcess, mark: string): void {
  for (const pid of [child.pid, ...(familyOf(mark) ?? [])]) {
    if (pid === undefined) continue
    try {
      // The file leads a process group: where only that is known, it ends together.
      process.kill(pid === child.pid && process.platform !== 'win32' ? -pid : pid, 'SIGKILL')
    } catch {
      // It has ended by itself in the meantime.
    }
  }
}

/** Ends what a file that has ended has left behind; returns what that was. */
async function endFamily(child: ChildProcess, mark: string): Promise<string[]> {
  await untilGone(mark)
  const commands = (familyOf(mark) ?? []).map((pid) => `${pid} ${commandOf(pid)}`)
  kill(child, mark)
  await untilGone(mark)
  return commands
}

async function untilGone(mark: string): Promise<void> {
  for (let look = 0; look < FAREWELL_LOOKS && (familyOf(mark)?.length ?? 0) > 0; look++) await sleep(FAREWELL_LOOK_MS)
}

function endedBadly(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `ended by ${signal}`
  return code === 0 ? undefined : `exit code ${code}`
}

/** A file that printed no summary, or ended badly although every test passed, counts as one failure more. */
function judge(output: string, faults: readonly string[]): Omit<Outcome, 'seconds'> {
  const counts = readSummary(output) ?? { passed: 0, failed: 0, skipped: 0 }
  const skips = readSkips(output, counts.skipped)
  const all = readSummary(output) === undefined && faults.length === 0 ? ['printed no summary'] : faults
  if (counts.failed > 0) return { counts, skips, report: [output, ...all].join('\n') }
  if (all.length > 0) return { counts: { ...counts, failed: 1 }, skips, report: [output, ...all].join('\n') }
  return { counts, skips, report: '' }
}
