// What an engine used of the machine: its process, and on Linux all that this has started (a browser is several).
import { readdirSync, readFileSync } from 'node:fs'
import { peakBytesIn, peakResidentBytes } from '../machine.ts'

/** Of /proc, on every Linux. */
const TICK_MS = 10

interface Started {
  readonly id: number
  readonly parent: number
  readonly cpuMs: number
}

/** Processor time so far, and the sum of the most memory each process ever had (what they share counts for each). */
export function processUsage(): { cpuMs: number; peakBytes: number } {
  const { user, system } = process.cpuUsage()
  let cpuMs = (user + system) / 1000
  let peakBytes = peakResidentBytes()
  for (const { id, cpuMs: more } of descendants(process.pid)) {
    cpuMs += more
    peakBytes += peakBytesIn(readProcess(id, 'status')) ?? 0
  }
  return { cpuMs, peakBytes }
}

function descendants(root: number): Started[] {
  const all = listProcesses()
  const below = (parent: number): Started[] =>
    all.filter((started) => started.parent === parent).flatMap((started) => [started, ...below(started.id)])
  return below(root)
}

function listProcesses(): Started[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    // After the name, which may contain anything: state, parent, ten others, user and system time in ticks.
    const fields = readProcess(Number(name), 'stat').split(') ').at(-1)!.split(' ')
    return [{ id: Number(name), parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS }]
  })
}

/** Empty where the process has ended. */
function readProcess(id: number, file: string): string {
  try {
    return readFileSync(`/proc/${id}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
