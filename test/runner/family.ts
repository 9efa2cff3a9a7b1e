// The processes that a test file has started, and what they do. Linux knows them by a mark in their environment, which
// children inherit wherever they go; elsewhere only the process group is known.
import { readdirSync, readFileSync } from 'node:fs'

const MARK = 'TSINFER_TEST_FILE'

/** Milliseconds that a thread has had of a processor, and those it was ready for but did not get. */
interface ThreadTimes {
  readonly busyMs: number
  readonly waitedMs: number
}

/** The environment of a file's process. It keeps the marks it was given itself: a test may run files too. */
export const marked = (mark: string): NodeJS.ProcessEnv => ({
  ...process.env,
  [MARK]: [process.env[MARK], mark].filter((one) => one !== undefined).join(' '),
})

/** Members of the family with this mark; undefined where the system does not tell. */
export function familyOf(mark: string): number[] | undefined {
  if (process.platform !== 'linux') return undefined
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && marksOf(name).includes(mark))
    .map(Number)
    .filter(isRunning)
}

function marksOf(pid: string): string[] {
  const variable = textOf(`/proc/${pid}/environ`)
    .split('\0')
    .find((one) => one.startsWith(`${MARK}=`))
  return variable?.slice(MARK.length + 1).split(' ') ?? []
}

/** What a process was started as. */
export const commandOf = (pid: number): string => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()

/** Not what only waits to be asked for its exit code. */
export const isRunning = (pid: number): boolean => /^State:\s+[^ZX]/m.test(textOf(`/proc/${pid}/status`))

/** Adds up what the threads of a family do between two looks. */
export class FamilyTimes {
  #before = new Map<string, ThreadTimes>()

  /** Since the look before; of threads that have come since, from their beginning. */
  look(pids: readonly number[]): ThreadTimes {
    const now = new Map<string, ThreadTimes>()
    let [busyMs, waitedMs] = [0, 0]
    for (const thread of pids.flatMap(threadsOf)) {
      const times = timesOf(thread)
      if (times === undefined) continue
      now.set(thread, times)
      const before = this.#before.get(thread) ?? { busyMs: 0, waitedMs: 0 }
      busyMs += Math.max(0, times.busyMs - before.busyMs)
      waitedMs += Math.max(0, times.waitedMs - before.waitedMs)
    }
    this.#before = now
    return { busyMs, waitedMs }
  }
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)
  } catch {
    return []
  }
}

/** Nanoseconds on a processor and in its queue (sched-stats in the kernel's documentation). */
function timesOf(thread: string): ThreadTimes | undefined {
  const match = /^(\d+) (\d+) \d+/.exec(textOf(`${thread}/schedstat`))
  return match ? { busyMs: Number(match[1]) / 1e6, waitedMs: Number(match[2]) / 1e6 } : undefined
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
