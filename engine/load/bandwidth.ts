// How fast this machine's memory can be read: the limit of decoding, whose every token streams all weights.

import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { unlessAborted } from '../abort-signals.ts'
import { TsinferError } from '../errors.ts'
import { MEASURING_GRACE_MS } from '../limits.ts'
import { type Residents, startResidents } from '../pipeline/pool.ts'
import type { BandwidthRound } from './bandwidth-worker.ts'
import { loadKernels } from './kernel-builds.ts'

/** Far above any core's share of a cache, and in all no more than a small machine has. */
const THREAD_BYTES_MAX = 128 << 20
const TOTAL_BYTES_MAX = 2 ** 31
const ROUNDS = 5
const ROUND_MS = 50
/** Prefetchers work per stream: one that a thread walks alone is often slower than several side by side. */
export const READ_STRANDS: readonly number[] = [1, 4, 8, 16]
/** What all ways to read divide: 128 bytes of each of the most strands. */
const PASS_BYTES = 128 * Math.max(...READ_STRANDS)

interface Bandwidth {
  /** Gigabytes per second of all threads together. */
  readonly gbS: number
  /** With how many streams per thread it was reached. */
  readonly strands: number
  /** How it was measured, in one line. */
  readonly how: string
}

/** What `threads` threads read together: the best of short rounds with several ways to read. Takes about a second. */
export async function measureBandwidth(threads: number, signal?: AbortSignal): Promise<Bandwidth> {
  const { module } = loadKernels('plain')
  const bytes = Math.min(THREAD_BYTES_MAX, Math.floor(TOTAL_BYTES_MAX / threads / PASS_BYTES) * PASS_BYTES)
  const entry = new URL('./bandwidth-worker.js', import.meta.url)
  const channels = Array.from({ length: threads }, () => new MessageChannel())
  const ports = channels.map(({ port1 }) => port1)
  const residents: Residents = startResidents(
    channels.map(({ port2 }, i) => ({
      name: `bandwidth ${i}`,
      entry,
      payload: { module, bytes, port: port2 },
      transfer: [port2],
    })),
  )
  const death = residents.died.then(({ code, message }): never => {
    throw new TsinferError(code, message)
  })
  try {
    const best = await unlessAborted('measuring', signal, Promise.race([death, bestRound(ports)]))
    return { ...best, how: describe(threads, bytes, best.strands) }
  } finally {
    for (const port of ports) port.close()
    await residents.close(MEASURING_GRACE_MS)
  }
}

async function bestRound(ports: readonly MessagePort[]): Promise<{ gbS: number; strands: number }> {
  const answers = () => Promise.all(ports.map(async (port) => (await once(port, 'message'))[0] as number))
  await answers()
  let best = { gbS: 0, strands: 1 }
  for (let round = 0; round < ROUNDS; round++) {
    for (const strands of READ_STRANDS) {
      const rates = answers()
      const task: BandwidthRound = { ms: ROUND_MS, strands }
      for (const port of ports) port.postMessage(task)
      const gbS = (await rates).reduce((sum, rate) => sum + rate, 0) / 1e6
      if (gbS > best.gbS) best = { gbS, strands }
    }
  }
  return best
}

const describe = (threads: number, bytes: number, strands: number): string =>
  `${threads} thread${threads === 1 ? '' : 's'}, each reading ${Math.round(bytes / 2 ** 20)} MiB in WebAssembly; ` +
  `best of 1 to ${Math.max(...READ_STRANDS)} streams per thread (${strands})`
