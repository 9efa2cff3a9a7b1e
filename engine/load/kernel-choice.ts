// Which kernels a model gets: where there is a choice, a short trial measures it. One part of it is the build: what
// relaxed-dot is made of is one instruction of processors with AVX-VNNI and three of others. The other is V8's merging of
// pairs of 128-bit operations into 256-bit ones, which the kernels' two strands are written for: it is experimental, so it
// is used only when allowed, and only if the bits stay the same. Node 24 has been seen to get products wrong.
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { MessageChannel } from 'node:worker_threads'
import { unlessAborted } from '../abort-signals.ts'
import { isComputable } from '../gguf/ggml-types.ts'
import { MEASURING_GRACE_MS } from '../limits.ts'
import { startResidents } from '../pipeline/pool.ts'
import type { KernelBuild, LoadOptions } from '../public/loading.ts'
import { compileAnew, type LoadedKernels, loadKernels, usableBuilds, V8_MAJOR } from './kernel-builds.ts'
import type { PreparedModel } from './prepare.ts'
import type { TrialPayload } from './trial-worker.ts'

/** The first V8 whose merging is worth trying, that of Node 24. */
const REVECTORIZE_V8_MAJOR_MIN = 13
/** Small models are done before a trial would have paid. */
const WEIGHT_BYTES_MIN = 64 << 20

/** The kernels that `models` share: of the wanted build, or of the fastest one. Rejects with `aborted` too. */
export async function kernelsFor(models: readonly PreparedModel[], options: LoadOptions): Promise<LoadedKernels> {
  const { kernels = 'auto', experimentalV8 = false } = options
  const revectorize = experimentalV8 && process.arch === 'x64' && V8_MAJOR >= REVECTORIZE_V8_MAJOR_MIN
  const builds = kernels === 'auto' ? usableBuilds().filter((build) => build !== 'plain') : [kernels]
  const weightBytes = models.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
  const isChoice = builds.length > 1 || (revectorize && builds.length > 0)
  if (!isChoice || weightBytes < WEIGHT_BYTES_MIN) return loadKernels(kernels)
  const types = models.flatMap(({ file }) => [...file.tensors.values()].map(({ type }) => type)).filter(isComputable)
  return (await fastestOf(builds, revectorize, [...new Set(types)], options.signal)) ?? loadKernels(kernels)
}

/**
 * Tries `builds` with weights of `types`, in a thread of its own for some tenths of a second; `revectorize` sets V8's flag
 * for this process. Undefined, with the flag cleared, if none computes what the first of them does without optimization.
 */
async function fastestOf(
  builds: readonly KernelBuild[],
  revectorize: boolean,
  types: readonly string[],
  signal: AbortSignal | undefined,
): Promise<LoadedKernels | undefined> {
  const { port1, port2 } = new MessageChannel()
  // Nothing that was compiled earlier is tried or used: it may have been optimized under other flags.
  const modules = builds.map((build) => compileAnew(build, 'c'))
  const reference = compileAnew(builds[0]!, 'r')
  const payload: TrialPayload = { modules, reference, types, revectorize, port: port2 }
  const entry = new URL('./trial-worker.js', import.meta.url)
  const residents = startResidents([{ name: 'kernel trial', entry, payload, transfer: [port2] }])
  let fastest = -1
  try {
    const verdict = once(port1, 'message').then(([index]) => index as number)
    fastest = await unlessAborted('loading', signal, Promise.race([verdict, residents.died.then(() => -1)]))
  } finally {
    port1.close()
    const hasEnded = fastest >= 0
    await residents.close(hasEnded ? MEASURING_GRACE_MS : 0)
    // A thread that was ended may have left it set.
    if (revectorize && !hasEnded) setFlagsFromString('--no-experimental-wasm-revectorize')
  }
  if (fastest < 0) return undefined
  return { build: builds[fastest]!, module: modules[fastest]!, revectorized: revectorize }
}
