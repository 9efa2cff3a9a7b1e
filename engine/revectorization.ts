// Lets V8 merge pairs of 128-bit operations into 256-bit ones (the kernels' two strands are written for it), where a trial
// shows that the bits stay the same: Node 24 has been seen to get products of Q6_K weights wrong.
import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { isComputable } from './gguf/ggml-types.ts'
import { compileAnew, type LoadedKernels, loadKernels } from './kernel-builds.ts'
import { startResidents } from './pipeline/pool.ts'
import type { TrialPayload } from './pipeline/trial-worker.ts'
import type { PreparedModel } from './prepare.ts'
import type { LoadOptions } from './types.ts'

/** The first V8 for whose sake it is worth trying, that of Node 24. */
const V8_MAJOR_MIN = 13
/** Small models are done before a trial would have paid. */
const WEIGHT_BYTES_MIN = 64 << 20
const CLOSE_GRACE_MS = 1000

/** The kernels that `models` share: the wanted build, revectorized where that is allowed, possible and worth it. */
export async function kernelsFor(models: readonly PreparedModel[], options: LoadOptions): Promise<LoadedKernels> {
  const kernels = loadKernels(options.kernels ?? 'auto')
  const weightBytes = models.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
  if (!options.experimentalV8 || !canRevectorize() || weightBytes < WEIGHT_BYTES_MIN) return kernels
  const types = new Set(
    models.flatMap(({ file }) => [...file.tensors.values()].map(({ type }) => type)).filter(isComputable),
  )
  return revectorize(kernels, [...types])
}

/** Whether this engine may have 256-bit code to offer. */
const canRevectorize = (): boolean => process.arch === 'x64' && Number.parseInt(process.versions.v8, 10) >= V8_MAJOR_MIN

/**
 * Tries `kernels`, of which nothing has run yet, with weights of `types`, in a thread of its own for about 0.1 s, and sets
 * V8's flag for this process. Returns kernels compiled anew, and clears the flag, if results differ or nothing is gained.
 */
async function revectorize(kernels: LoadedKernels, types: readonly string[]): Promise<LoadedKernels> {
  const { build, module } = kernels
  const { port1, port2 } = new MessageChannel()
  const payload: TrialPayload = { module, reference: compileAnew(build, 'r'), types, port: port2 }
  const entry = new URL('./pipeline/trial-worker.js', import.meta.url)
  const residents = startResidents([{ name: 'kernel trial', entry, payload, transfer: [port2] }])
  try {
    const verdict = once(port1, 'message').then(([passed]) => passed === true)
    const revectorized = await Promise.race([verdict, residents.died.then(() => false)])
    return revectorized ? { build, module, revectorized } : { ...kernels, module: compileAnew(build, 'n') }
  } finally {
    port1.close()
    await residents.close(CLOSE_GRACE_MS)
  }
}
