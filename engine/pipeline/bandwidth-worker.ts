// A resident that reads its own memory as fast as it can, when told to.
import type { MessagePort } from 'node:worker_threads'
import { createStageMemory, instantiateKernels, type KernelModule } from '../model/kernels.ts'

export interface BandwidthPayload {
  readonly module: KernelModule
  readonly bytes: number
  /** Gets the milliseconds of a round, answers with bytes per millisecond; 'ready' comes first. */
  readonly port: MessagePort
}

export default async function bandwidthWorker({ module, bytes, port }: BandwidthPayload): Promise<undefined> {
  const memory = createStageMemory(bytes)
  // Pages that were never written are all the same page of zeros.
  new Uint8Array(memory.buffer).fill(1)
  const { read_sum: readSum } = instantiateKernels(module, memory)
  port.on('message', (roundMs: number) => {
    const startedMs = performance.now()
    let passes = 0
    let elapsedMs = 0
    do {
      readSum(0, bytes)
      passes++
      elapsedMs = performance.now() - startedMs
    } while (elapsedMs < roundMs)
    port.postMessage((passes * bytes) / elapsedMs)
  })
  port.postMessage('ready')
  await new Promise<void>((resolve) => port.once('close', () => resolve()))
  return undefined
}
