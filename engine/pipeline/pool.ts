// The only file that knows Piscina. A resident is a worker whose single task returns only at shutdown; Piscina is a
// pool for short tasks, so it is told to keep exactly as many threads as residents, one task each, for ever.
// Facts behind the options: a task's AbortSignal would kill its thread, so residents stop through shared words; an
// idle worker must keep serving messages, hence `atomics: 'disabled'`; a dead worker is silently replaced by an idle
// one, so the first death destroys the pool; a second `destroy` would let the workers that the first one ended be
// replaced, so there is only ever one; a thread is not ended while it imports modules, see resident.ts; and what a worker without a task dies of is an `error` event of the pool, which
// without a listener would end the host.
import { Piscina } from 'piscina'
import type { ResidentFault } from './fault.ts'
import type { ResidentBegun, ResidentTask } from './resident.ts'

/** One thread to start. */
export interface Resident {
  /** Named in faults, e.g. `stage 1 lane 0`. */
  readonly name: string
  /** Module whose default export is `(payload) => Promise<ResidentFault | undefined>`. */
  readonly entry: URL
  readonly payload: object
  /** Others do not wait for it: where cores are short it gives way to those that compute tokens. */
  readonly isBackground?: boolean
  /** URLs of modules that the entry will import. */
  readonly imports?: readonly string[]
  readonly transfer?: readonly Transferable[]
}

type Transferable = import('node:worker_threads').TransferListItem

export interface Residents {
  /** Resolves once, at the first resident that ended other than by `close`; never rejects. */
  readonly died: Promise<ResidentFault>
  /** Waits until all residents have returned by themselves (tell them first), at most `graceMs`, then ends them. */
  close(graceMs: number): Promise<void>
}

/**
 * Most of a resident's heap for what is young. Hardly anything that residents allocate lives on; V8's own limit lets a
 * conductor that makes thousands of tokens a second hold 40 MB (Node 20) to 80 MB (Node 26) more, at the same speed.
 */
const YOUNG_MB = 12

/** The module that all threads run. */
const RUNNER = new URL('./resident.js', import.meta.url)

/** Starts one worker per resident, all at once. */
export function startResidents(residents: readonly Resident[]): Residents {
  const pool = new Piscina({
    minThreads: residents.length,
    maxThreads: residents.length,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    recordTiming: false,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  let closing = false
  let destroyed: Promise<void> | undefined
  let reportDeath: (fault: ResidentFault) => void = () => {}
  const died = new Promise<ResidentFault>((resolve) => {
    reportDeath = resolve
  })
  const report = (fault: ResidentFault | undefined) => {
    if (fault !== undefined && !closing) reportDeath(fault)
  }
  pool.on('error', (error) => report(deathOf('a thread', error)))
  const reportBegun: (() => void)[] = []
  const begun = residents.map(() => new Promise<void>((resolve) => reportBegun.push(resolve)))
  pool.on('message', ({ begun: index }: ResidentBegun) => reportBegun[index]?.())
  const ends = residents.map(async ({ name, entry, payload, isBackground = false, imports = [], transfer }, index) => {
    try {
      const task: ResidentTask = { index, entry: entry.href, payload, isBackground, imports }
      const fault = await pool.run(task, { filename: RUNNER.href, transferList: [...(transfer ?? [])] })
      report(fault ?? { code: 'thread_died', message: `${name}: ended early` })
    } catch (error) {
      report(deathOf(name, error))
    }
  })
  return {
    died,
    async close(graceMs) {
      closing = true
      if (destroyed) return destroyed
      let timer: NodeJS.Timeout | undefined
      const grace = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs)
      })
      await Promise.race([Promise.all(ends), grace])
      clearTimeout(timer)
      await Promise.all(ends.map((end, index) => Promise.race([end, begun[index]])))
      destroyed ??= pool.destroy()
      await destroyed
    },
  }
}

function deathOf(name: string, error: unknown): ResidentFault {
  const isHeapFull = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  const code = isHeapFull ? 'out_of_memory' : 'thread_died'
  return { code, message: `${name}: ${error instanceof Error ? error.message : String(error)}` }
}
