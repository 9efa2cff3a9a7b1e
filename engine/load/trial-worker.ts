// A resident that finds out which build of the kernels is fastest here, and whether V8 may merge pairs of 128-bit operations
// into 256-bit ones: kernels as the baseline compiler makes them say what is right, and are compared with each build as
// the optimizing compiler makes it. V8's flag acts on the whole process and stays set where all is well.
import { setFlagsFromString } from 'node:v8'
import type { MessagePort } from 'node:worker_threads'
import { createStageMemory, instantiateKernels, type KernelModule } from '../model/kernels.ts'
import { CASES_MEMORY_BYTES, kernelCases } from './kernel-cases.ts'
import { baselineOf, optimizedMs } from './kernel-trial.ts'

export interface TrialPayload {
  /** The builds to choose from; nothing of them has run yet. */
  readonly modules: readonly KernelModule[]
  /** Kernels from other bytes, nothing of which has run: V8 shares code between modules with equal bytes. */
  readonly reference: KernelModule
  readonly types: readonly string[]
  /** Whether to try 256-bit code. */
  readonly revectorize: boolean
  /** Gets the index of the fastest module, -1 if none may be used. */
  readonly port: MessagePort
}

export default async function trialWorker(payload: TrialPayload): Promise<undefined> {
  const { modules, reference, types, revectorize, port } = payload
  const memory = createStageMemory(CASES_MEMORY_BYTES)
  const baseline = instantiateKernels(reference, memory)
  const cases = kernelCases(types, baseline, memory)
  const now = () => performance.now()
  const expected = baselineOf(cases, baseline, now)
  if (revectorize) setFlagsFromString('--experimental-wasm-revectorize')
  const times = modules.map((module) => optimizedMs(cases, expected, instantiateKernels(module, memory), now))
  const fastest = Math.min(...times)
  const isUsable = fastest < Number.POSITIVE_INFINITY
  if (revectorize && !isUsable) setFlagsFromString('--no-experimental-wasm-revectorize')
  port.postMessage(isUsable ? times.indexOf(fastest) : -1)
  await new Promise<void>((resolve) => port.once('close', () => resolve()))
  return undefined
}
