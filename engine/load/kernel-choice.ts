// Which kernels a model gets: a short trial measures them. One part of the choice is the build: what relaxed-dot is made of
// is one instruction of processors with AVX-VNNI and three of others. Another is V8's merging of pairs of 128-bit
// operations into 256-bit ones, which the kernels' two strands are written for: it is experimental, so it is used only
// when allowed, and only if the bits stay the same. Node 24 has been seen to get products wrong. The third is the copy of
// the build: see copy-trial.ts.
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { MessageChannel } from 'node:worker_threads'
import { unlessAborted } from '../abort-signals.ts'
import { isComputable } from '../gguf/ggml-types.ts'
import { MEASURING_GRACE_MS } from '../limits.ts'
import { startResidents } from '../pipeline/pool.ts'
import type { KernelBuild, LoadOptions } from '../public/loading.ts'
import { type LoadedKernels, loadKernels, usableBuilds, V8_MAJOR } from './kernel-builds.ts'
import type { PreparedModel } from './prepare.ts'
import type { TrialPayload } from './trial-worker.ts'

/** The first V8 whose merging is worth trying, that of Node 24. */
const REVECTORIZE_V8_MAJOR_MIN = 13
/** Small models are done before a trial would have paid. */
const WEIGHT_BYTES_MIN = 64 << 20

/** What is read of a model. */
type Weights = Pick<PreparedModel, 'file' | 'fileBytes'>

/** The kernels that `models` share: of the wanted build, or of the fastest one. Rejects with `aborted` too. */
export async function kernelsFor(models: readonly Weights[], options: LoadOptions): Promise<LoadedKernels> {
  const { kernels = 'auto', experimentalV8 = false } = options
  const revectorize = experimentalV8 && process.arch === 'x64' && V8_MAJOR >= REVECTORIZE_V8_MAJOR_MIN
  const builds = buildsToTry(kernels)
  const weightBytes = models.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
  if (builds.length === 0 || weightBytes < WEIGHT_BYTES_MIN) return loadKernels(kernels)
  return (await fastestOf(builds, typesByBytes(models), revectorize, options.signal)) ?? loadKernels(kernels)
}

/** Those with a chance of being the fastest of the wanted ones; none where this engine has none of these. */
function buildsToTry(wanted: 'auto' | KernelBuild): readonly KernelBuild[] {
  const usable = usableBuilds()
  if (wanted !== 'auto') return usable.filter((build) => build === wanted)
  return usable.length > 1 ? usable.filter((build) => build !== 'plain') : usable
}

/** The types that can be multiplied, those with the most bytes first. */
export function typesByBytes(models: readonly Weights[]): readonly string[] {
  const bytesOf = new Map<string, number>()
  for (const { type, bytes } of models.flatMap(({ file }) => [...file.tensors.values()])) {
    if (isComputable(type)) bytesOf.set(type, (bytesOf.get(type) ?? 0) + bytes)
  }
  return [...bytesOf].sort(([, a], [, b]) => b - a).map(([type]) => type)
}

/**
 * Tries `builds` with weights of `types`, in a thread of its own for some tenths of a second; `revectorize` sets V8's flag
 * for this process. Undefined, with the flag cleared, if none computes what the first of them does without optimization.
 */
async function fastestOf(
  builds: readonly KernelBuild[],
  types: readonly string[],
  revectorize: boolean,
  signal: AbortSignal | undefined,
): Promise<LoadedKernels | undefined> {
  const { port1, port2 } = new MessageChannel()
  const payload: TrialPayload = { builds, types, revectorize, port: port2 }
  const entry = new URL('./trial-worker.js', import.meta.url)
  const residents = startResidents([{ name: 'kernel trial', entry, payload, transfer: [port2] }])
  let fastest: LoadedKernels | undefined
  try {
    const verdict = once(port1, 'message').then(([kernels]) => kernels as LoadedKernels | undefined)
    fastest = await unlessAborted('loading', signal, Promise.race([verdict, residents.died.then(() => undefined)]))
  } finally {
    port1.close()
    const hasEnded = fastest !== undefined
    await residents.close(hasEnded ? MEASURING_GRACE_MS : 0)
    // A thread that was ended may have left it set.
    if (revectorize && !hasEnded) setFlagsFromString('--no-experimental-wasm-revectorize')
  }
  return fastest
}
