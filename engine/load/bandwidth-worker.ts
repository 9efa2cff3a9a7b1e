// A resident that reads its own memory as fast as it can, when told to.
import type { MessagePort } from 'node:worker_threads'
import { createStageMemory, instantiateKernels, type KernelModule } from '../model/kernels.ts'

interface BandwidthPayload {
  readonly module: KernelModule
  readonly bytes: number
  /** Gets rounds, answers each with bytes per millisecond; 'ready' comes first. */
  readonly port: MessagePort
}

export interface BandwidthRound {
  readonly ms: number
  /** Parts read side by side. */
  readonly strands: number
}

export default async function bandwidthWorker({ module, bytes, port }: BandwidthPayload): Promise<undefined> {
  const memory = createStageMemory(bytes)
  // Pages that were never written are all the same page of zeros.
  new Uint8Array(memory.buffer).fill(1)
  const { read_sum: readSum } = instantiateKernels(module, memory)
  port.on('message', ({ ms, strands }: BandwidthRound) => {
    const startedMs = performance.now()
    let passes = 0
    let elapsedMs = 0
    do {
      readSum(0, bytes, strands)
      passes++
      elapsedMs = performance.now() - startedMs
    } while (elapsedMs < ms)
    port.postMessage((passes * bytes) / elapsedMs)
  })
  port.postMessage('ready')
  await new Promise<void>((resolve) => port.once('close', () => resolve()))
  return undefined
}
