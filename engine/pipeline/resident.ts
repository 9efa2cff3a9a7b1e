// What every resident's thread runs: its entry is imported here, and the pool is told when that is done. Node 20 ends the whole
// process where a thread is terminated while it links modules.
import { parentPort } from 'node:worker_threads'
import type { ResidentFault } from './fault.ts'

export interface ResidentTask {
  /** Among those started together. */
  readonly index: number
  /** URL of a module whose default export is `(payload) => Promise<ResidentFault | undefined>`. */
  readonly entry: string
  readonly payload: object
  /** URLs of modules that the entry will import. */
  readonly imports: readonly string[]
}

/** Told to the pool when the entry is about to run. */
export interface ResidentBegun {
  readonly begun: number
}

export default async function runResident({
  index,
  entry,
  payload,
  imports,
}: ResidentTask): Promise<ResidentFault | undefined> {
  const { default: run } = await import(entry)
  for (const module of imports) await import(module)
  const begun: ResidentBegun = { begun: index }
  parentPort!.postMessage(begun)
  return run(payload)
}
