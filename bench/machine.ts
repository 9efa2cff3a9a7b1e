// The machine a bench ran on, and what this process used of it.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { machineTopology } from '../engine/index.ts'

export type MachineFacts = ReturnType<typeof machineFacts>

/** Processes that wanted to run in the minute before the bench began: near 0 on a quiet machine. */
const LOAD_BEFORE = Number(loadavg()[0]!.toFixed(2))

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

export function machineFacts() {
  const { cores, usableCores } = machineTopology()
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores,
    usableCores,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    commit: readCommit(),
    date: new Date().toISOString(),
    loadBefore: LOAD_BEFORE,
  }
}

/** Of the repository; `+` = with changes. */
function readCommit(): string | null {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty=+', '--exclude=*'], {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/**
 * Most bytes this process ever had in memory. Linux tells it per address space; what getrusage says elsewhere may
 * include the process that started this one.
 */
export function peakResidentBytes(): number {
  try {
    const bytes = peakBytesIn(readFileSync('/proc/self/status', 'utf8'))
    if (bytes !== undefined) return bytes
  } catch {
    // No /proc here.
  }
  return process.resourceUsage().maxRSS * 1024
}

/** The same in what /proc says of a process. */
export function peakBytesIn(status: string): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}
