// The choice of kernels as a load makes it, with its thread, for models that are only said to be large.
import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GgufFile } from '../../../engine/gguf/file.ts'
import type { GgmlTypeName } from '../../../engine/gguf/ggml-types.ts'
import { enableRelaxedSimd, loadKernels, usableBuilds } from '../../../engine/load/kernel-builds.ts'
import { CASES_MEMORY_BYTES, kernelCases } from '../../../engine/load/kernel-cases.ts'
import { kernelsFor, typesByBytes } from '../../../engine/load/kernel-choice.ts'
import { createStageMemory, instantiateKernels, type KernelModule } from '../../../engine/model/kernels.ts'

enableRelaxedSimd()

const live = new Set<Worker>()
let started = 0
let onStart: (worker: Worker) => void = () => {}
process.on('worker', (worker) => {
  started++
  live.add(worker)
  worker.once('exit', () => live.delete(worker))
  onStart(worker)
})

/** A model of tensors of these types and bytes. */
function modelOf(...tensors: readonly (readonly [type: GgmlTypeName, bytes: number])[]) {
  const named = tensors.map(([type, bytes], i) => [`tensor ${i}`, { type, bytes }] as const)
  const file = { tensors: new Map<string, object>(named) } as unknown as GgufFile
  return { file, fileBytes: tensors.reduce((sum, [, bytes]) => sum + bytes, 0) }
}

const LARGE = modelOf(['F32', 1000], ['Q4_0', 1e9])

/** What kernels write, case after case. */
function results(module: KernelModule): Buffer {
  const memory = createStageMemory(CASES_MEMORY_BYTES)
  const kernels = instantiateKernels(module, memory)
  const written = kernelCases(['Q4_0'], kernels, memory).map((kernelCase) => {
    kernelCase.compute(kernels)
    return Uint8Array.from(kernelCase.written)
  })
  return Buffer.concat(written)
}

test('types are told by the bytes of all tensors and models, the heaviest first; what is no weight is left out', () => {
  const models = [modelOf(['F32', 50], ['Q4_0', 40], ['Q6_K', 60], ['Q4_0', 30]), modelOf(['Q8_0', 10], ['I32', 900])]
  assert.equal(typesByBytes(models), ['Q4_0', 'Q6_K', 'F32', 'Q8_0'])
})

test('a small model has no trial', async () => {
  const before = started
  assert.is((await kernelsFor([modelOf(['Q4_0', 1000])], {})).build, loadKernels('auto').build)
  assert.is(started, before)
})

test('a build that this engine has not is refused, for a large model too', async () => {
  const missing = (['plain', 'relaxed', 'relaxed-dot'] as const).filter((build) => !usableBuilds().includes(build))
  for (const kernels of missing) {
    const error = await kernelsFor([LARGE], { kernels }).catch((reason) => reason)
    assert.is(error.code, 'option_invalid')
  }
})

for (const kernels of ['auto', ...usableBuilds()] as const) {
  test(`${kernels}: a large model has a trial, whose thread ends, and gets a copy with the right results`, async () => {
    const before = started
    const chosen = await kernelsFor([LARGE], { kernels })
    assert.is(started, before + 1)
    assert.is(live.size, 0)
    assert.ok(kernels === 'auto' ? usableBuilds().includes(chosen.build) : chosen.build === kernels)
    assert.ok(results(chosen.module).equals(results(loadKernels(chosen.build).module)))
  })
}

test('an abort ends the trial and its thread', async () => {
  const stop = new AbortController()
  onStart = (worker) => worker.on('message', () => stop.abort())
  const error = await kernelsFor([LARGE], { signal: stop.signal }).catch((reason) => reason)
  onStart = () => {}
  assert.is(error.code, 'aborted')
  assert.is(live.size, 0)
})

test('a trial whose thread dies costs the choice, not the load', async () => {
  onStart = (worker) => worker.on('message', (message) => 'begun' in message && void worker.terminate())
  const { build } = await kernelsFor([LARGE], {})
  onStart = () => {}
  assert.is(build, loadKernels('auto').build)
  for (const worker of [...live]) await once(worker, 'exit')
})

test.run()
