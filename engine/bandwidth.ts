// How fast this machine's memory can be read: the limit of decoding, whose every token streams all weights.
import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { TsinferError } from './errors.ts'
import { loadKernels } from './kernel-builds.ts'
import { type Residents, startResidents } from './pipeline/pool.ts'

/** Far above any core's share of a cache, and in all no more than a small machine has. */
const THREAD_BYTES_MAX = 128 << 20
const TOTAL_BYTES_MAX = 2 ** 31
const ROUNDS = 5
const ROUND_MS = 100
const CLOSE_GRACE_MS = 1000

/** Gigabytes per second that `threads` threads read together, the best of a few short rounds. Takes about a second. */
export async function measureBandwidth(threads: number, signal?: AbortSignal): Promise<number> {
  const { module } = loadKernels('plain')
  const bytes = Math.min(THREAD_BYTES_MAX, Math.floor(TOTAL_BYTES_MAX / threads / 128) * 128)
  const entry = new URL('./pipeline/bandwidth-worker.js', import.meta.url)
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
    return await Promise.race([death, bestRound(ports, signal)])
  } finally {
    for (const port of ports) port.close()
    await residents.close(CLOSE_GRACE_MS)
  }
}

async function bestRound(ports: readonly MessagePort[], signal: AbortSignal | undefined): Promise<number> {
  const answers = () => Promise.all(ports.map(async (port) => (await once(port, 'message'))[0] as number))
  await answers()
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    if (signal?.aborted) throw new TsinferError('aborted', 'bandwidth: measuring was stopped')
    const rates = answers()
    for (const port of ports) port.postMessage(ROUND_MS)
    const bytesPerMs = (await rates).reduce((sum, rate) => sum + rate, 0)
    best = Math.max(best, bytesPerMs / 1e6)
  }
  return best
}
