// A resident that finds out whether V8 may merge pairs of 128-bit operations into 256-bit ones: kernels as the baseline
// compiler makes them say what is right, and are compared with the same kernels once the optimizing compiler has made
// them with the flag set. The flag acts on the whole process and stays set where all is well.
import { setFlagsFromString } from 'node:v8'
import type { MessagePort } from 'node:worker_threads'
import { CASES_MEMORY_BYTES, kernelCases } from '../model/kernel-cases.ts'
import { isOptimizedAlike } from '../model/kernel-trial.ts'
import { createStageMemory, instantiateKernels, type KernelModule } from '../model/kernels.ts'

export interface TrialPayload {
  /** The module to use, nothing of it has run yet. */
  readonly module: KernelModule
  /** The same kernels from other bytes: V8 shares code between modules with equal bytes. */
  readonly reference: KernelModule
  readonly types: readonly string[]
  /** Gets the verdict, a boolean. */
  readonly port: MessagePort
}

export default async function trialWorker({ module, reference, types, port }: TrialPayload): Promise<undefined> {
  const memory = createStageMemory(CASES_MEMORY_BYTES)
  const baseline = instantiateKernels(reference, memory)
  const cases = kernelCases(types, baseline, memory)
  const candidate = instantiateKernels(module, memory)
  const passed = isOptimizedAlike(cases, baseline, candidate, {
    now: () => performance.now(),
    begin: () => setFlagsFromString('--experimental-wasm-revectorize'),
  })
  if (!passed) setFlagsFromString('--no-experimental-wasm-revectorize')
  port.postMessage(passed)
  await new Promise<void>((resolve) => port.once('close', () => resolve()))
  return undefined
}
