import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KERNEL_TYPES } from '../../../engine/gguf/ggml-types.ts'
import { compileAnew, enableRelaxedSimd, usableBuilds } from '../../../engine/load/kernel-builds.ts'
import { CASES_MEMORY_BYTES, kernelCases } from '../../../engine/load/kernel-cases.ts'
import { baselineOf, optimizedMs } from '../../../engine/load/kernel-trial.ts'
import { createStageMemory, instantiateKernels, type Kernels } from '../../../engine/model/kernels.ts'

enableRelaxedSimd()

/** Kernels are told apart by identity. */
const [first, candidate] = [{} as Kernels, {} as Kernels]

/** Cases that move the clock: the candidate becomes fast after `slowCalls`, and then writes `later`. */
function trialOf(slowCalls: number, later: number): number {
  let nowMs = 0
  let calls = 0
  const written = Uint8Array.of(7, 0)
  const compute = (kernels: Kernels) => {
    const isFast = kernels === candidate && ++calls > slowCalls
    nowMs += isFast ? 1 : 2
    written[1] = isFast ? later : 9
  }
  const cases = [{ name: 'scripted', compute, written }]
  return optimizedMs(
    cases,
    baselineOf(cases, first, () => nowMs),
    candidate,
    () => nowMs,
  )
}

test('kernels that get fast and keep their bits pass, with the time of a round', () => {
  assert.is(trialOf(100, 9), 1)
})

test('one bit that changes once they are fast fails them', () => {
  assert.is(trialOf(100, 8), Number.POSITIVE_INFINITY)
})

test('kernels that never get fast fail, in bounded time', () => {
  assert.is(trialOf(Number.POSITIVE_INFINITY, 9), Number.POSITIVE_INFINITY)
})

for (const build of usableBuilds()) {
  test(`cases of all types: finite numbers that fresh ${build} kernels agree on`, () => {
    const memory = createStageMemory(CASES_MEMORY_BYTES)
    const [first, second] = ['a', 'b'].map((letter) => instantiateKernels(compileAnew(build, letter), memory))
    for (const type of KERNEL_TYPES) {
      for (const kernelCase of kernelCases([type], first!, memory)) {
        kernelCase.compute(first!)
        const expected = Uint8Array.from(kernelCase.written)
        kernelCase.compute(second!)
        assert.equal(Uint8Array.from(kernelCase.written), expected, kernelCase.name)
        if (kernelCase.name === 'quantize_q8') continue
        const floats = new Float32Array(expected.buffer)
        assert.ok(floats.every(Number.isFinite), `${kernelCase.name}: finite`)
        assert.ok(new Set(floats).size > 50, `${kernelCase.name}: different values`)
      }
    }
  })
}

test.run()
