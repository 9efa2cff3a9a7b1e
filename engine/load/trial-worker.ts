// A resident that finds out which build of the kernels is fastest here, which copy of that build, and whether V8 may merge
// pairs of 128-bit operations into 256-bit ones: kernels as the baseline compiler makes them say what is right, and are
// compared with each copy as the optimizing compiler makes it. V8's flag acts on the whole process and stays set where
// all is well.
import { setFlagsFromString } from 'node:v8'
import type { MessagePort } from 'node:worker_threads'
import { isGeneric } from '../gguf/ggml-types.ts'
import { createStageMemory, instantiateKernels, type KernelModule } from '../model/kernels.ts'
import type { KernelBuild } from '../public/loading.ts'
import { fastestCopy } from './copy-trial.ts'
import { compileAnew, type LoadedKernels } from './kernel-builds.ts'
import { CASES_MEMORY_BYTES, kernelCases } from './kernel-cases.ts'
import { baselineOf, optimizedMs } from './kernel-trial.ts'
import { MATRIX_AT, prepareMatrix } from './measured-matrix.ts'

/** Several times what one core has of the caches. */
const LARGE_BYTES = 96 << 20
const LARGE_K = 2048
/**
 * V8 shares code between modules with equal bytes: a letter for each copy, and one for what says what is right. The best of
 * three copies is 1.14 times as fast as the mean of many, of four 1.17 (Q4_0); each takes a load 0.1 s.
 */
const COPIES = ['a', 'b', 'c'] as const
const REFERENCE = 'r'

export interface TrialPayload {
  readonly builds: readonly KernelBuild[]
  /** Of the weights, what most bytes belong to first. */
  readonly types: readonly string[]
  /** Whether to try 256-bit code. */
  readonly revectorize: boolean
  /** Gets the fastest kernels, undefined if none may be used. */
  readonly port: MessagePort
}

export default async function trialWorker({ builds, types, revectorize, port }: TrialPayload): Promise<undefined> {
  const fastest = fastestKernels(builds, types, revectorize)
  if (revectorize && fastest === undefined) setFlagsFromString('--no-experimental-wasm-revectorize')
  port.postMessage(fastest)
  await new Promise<void>((resolve) => port.once('close', () => resolve()))
  return undefined
}

/** The build is chosen by what it does in a cache, as with prompts; a copy of it by what it does out of memory. */
function fastestKernels(
  builds: readonly KernelBuild[],
  types: readonly string[],
  revectorized: boolean,
): LoadedKernels | undefined {
  const now = () => performance.now()
  const memory = createStageMemory(CASES_MEMORY_BYTES)
  const baseline = instantiateKernels(compileAnew(builds[0]!, REFERENCE), memory)
  const cases = kernelCases(types, baseline, memory)
  const expected = baselineOf(cases, baseline, now)
  if (revectorized) setFlagsFromString('--experimental-wasm-revectorize')
  const [first, ...others] = COPIES
  const tried = (build: KernelBuild, letter: string) => {
    const module = compileAnew(build, letter)
    return { build, module, casesMs: optimizedMs(cases, expected, instantiateKernels(module, memory), now) }
  }
  const firsts = builds.map((build) => tried(build, first))
  const best = firsts.reduce((a, b) => (b.casesMs < a.casesMs ? b : a))
  if (best.casesMs === Number.POSITIVE_INFINITY) return undefined
  const copies = [best, ...others.map((letter) => tried(best.build, letter))]
  const fastest = fastestCopy(withProducts(copies, types), now)
  return fastest && { build: fastest.build, module: fastest.module, revectorized }
}

/** What the copies multiply: weights of the heaviest type that has products of its own. */
function withProducts<Copy extends { readonly module: KernelModule }>(
  copies: readonly Copy[],
  types: readonly string[],
) {
  const memory = createStageMemory(MATRIX_AT + LARGE_BYTES)
  const kernels = copies.map(({ module }) => instantiateKernels(module, memory))
  const type = types.find((name) => !isGeneric(name)) ?? 'F32'
  const { product } = prepareMatrix(kernels[0]!, memory, type, LARGE_K, LARGE_BYTES)
  return copies.map((copy, i) => {
    const multiply = product(kernels[i]!)
    return { ...copy, multiply: () => multiply(1) }
  })
}
