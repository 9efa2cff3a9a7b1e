// What every resident's thread runs: its entry is imported here, and the pool is told when that is done. Node 20 ends the whole
// process where a thread is terminated while it links modules.
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { ResidentFault } from './fault.ts'

export interface ResidentTask {
  /** Among those started together. */
  readonly index: number
  /** URL of a module whose default export is `(payload) => Promise<ResidentFault | undefined>`. */
  readonly entry: string
  readonly payload: object
  /** Whether its work gives way to that of others, see `BACKGROUND_NICENESS`. */
  readonly isBackground: boolean
  /** URLs of modules that the entry will import. */
  readonly imports: readonly string[]
}

/**
 * Of a thread in the background: beside one that computes tokens it gets a tenth of a core, alone a whole one. Linux alone
 * gives threads a niceness of their own; elsewhere it would be that of the caller's process.
 */
const BACKGROUND_NICENESS = 10

/** Told to the pool when the entry is about to run. */
export interface ResidentBegun {
  readonly begun: number
}

export default async function runResident({
  index,
  entry,
  payload,
  isBackground,
  imports,
}: ResidentTask): Promise<ResidentFault | undefined> {
  if (isBackground && process.platform === 'linux') setPriority(0, BACKGROUND_NICENESS)
  const { default: run } = await import(entry)
  for (const module of imports) await import(module)
  const begun: ResidentBegun = { begun: index }
  parentPort!.postMessage(begun)
  return run(payload)
}
